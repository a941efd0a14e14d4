package org.earshot;

import java.time.Duration;

/**
 * A window of a recording.
 *
 * @param subject the recording's name, for messages
 * @param pcm samples, of which the window is the first {@code length}
 * @param length samples in the window
 * @param start samples of the recording before the window
 * @param startTime where the window starts
 * @param duration how long it is
 */
record SoundWindow(String subject, float[] pcm, int length, long start, Duration startTime, Duration duration) {}
