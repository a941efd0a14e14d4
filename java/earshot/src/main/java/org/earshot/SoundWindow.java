package org.earshot;

import java.time.Duration;

/** A window of a recording. */
final class SoundWindow {
    private final String subject;
    private final float[] pcm;
    private final int length;
    private final long start;
    private final Duration startTime;
    private final Duration duration;

    /**
     * Takes a window.
     *
     * @param subject the recording's name, for messages
     * @param pcm samples, of which the window is the first {@code length}; not copied
     * @param length samples in the window
     * @param start samples of the recording before the window
     * @param startTime where the window starts
     * @param duration how long it is
     */
    SoundWindow(String subject, float[] pcm, int length, long start, Duration startTime, Duration duration) {
        this.subject = subject;
        this.pcm = pcm;
        this.length = length;
        this.start = start;
        this.startTime = startTime;
        this.duration = duration;
    }

    /** The same window, its recording beginning at a time. */
    SoundWindow from(Duration origin) {
        return new SoundWindow(subject, pcm, length, start, origin.plus(startTime), duration);
    }

    /** The same window, its samples being in another array. */
    SoundWindow in(float[] copy) {
        return new SoundWindow(subject, copy, length, start, startTime, duration);
    }

    String subject() {
        return subject;
    }

    float[] pcm() {
        return pcm;
    }

    int length() {
        return length;
    }

    long start() {
        return start;
    }

    Duration startTime() {
        return startTime;
    }

    Duration endTime() {
        return startTime.plus(duration);
    }

    Duration duration() {
        return duration;
    }
}
