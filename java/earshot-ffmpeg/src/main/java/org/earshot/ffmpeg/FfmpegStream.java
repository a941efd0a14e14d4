package org.earshot.ffmpeg;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.earshot.audio.AudioInput;
import org.earshot.audio.AudioLoss;
import org.earshot.audio.AudioStream;
import org.earshot.error.AudioException;

/** The PCM of a file's first or best audio stream, as interleaved floats. */
final class FfmpegStream implements AudioStream {
    /** Decoders give some thousand samples at a time; nothing real comes near 64 MiB. */
    private static final int MAX_FRAME_SAMPLES = 1 << 24;

    private final AudioInput input;
    private final FrameReader reader;
    private int sampleRate;
    private int channels;
    private SampleFormat sampleFormat;
    private long framesRead;
    private boolean closed;

    /** Samples that have been decoded, of which some have been read already. */
    private float[] pending = {};

    private int position;
    private int filled;

    /** Takes over the input: closing the stream closes it. */
    FfmpegStream(AudioInput input) {
        this.input = input;
        reader = new FrameReader(input);
        boolean opened = false;
        try {
            // The first frame, not the header, says what comes: the headers of some formats leave it open.
            nextFrame();
            opened = true;
        } finally {
            if (!opened) {
                close();
            }
        }
    }

    @Override
    public int sampleRate() {
        return sampleRate;
    }

    @Override
    public int channels() {
        return channels;
    }

    @Override
    public int read(float[] interleaved, int offset, int frames) {
        Objects.checkFromIndexSize(offset, Math.multiplyExact(frames, channels), interleaved.length);
        if (frames < 1) {
            throw new IllegalArgumentException("frames must be at least 1: " + frames);
        }
        if (closed) {
            throw new IllegalStateException(input.name() + " is closed");
        }
        if (position == filled && !nextFrame()) {
            return -1;
        }
        int samples = Math.min(frames * channels, filled - position);
        System.arraycopy(pending, position, interleaved, offset, samples);
        position += samples;
        int read = samples / channels;
        framesRead += read;
        return read;
    }

    private boolean nextFrame() {
        do {
            AVFrame frame = reader.next();
            position = 0;
            filled = 0;
            if (frame == null) {
                return false;
            }
            if (sampleFormat == null) {
                begin(frame);
            } else {
                requireSame(frame);
            }
            convert(frame);
        } while (filled == 0);
        return true;
    }

    private void begin(AVFrame frame) {
        sampleRate = frame.sample_rate();
        channels = frame.ch_layout().nb_channels();
        sampleFormat = SampleFormat.of(frame);
        if (sampleRate <= 0 || channels <= 0 || sampleFormat == null) {
            throw new AudioException(
                    AudioException.Reason.FORMAT,
                    input.name(),
                    sampleRate + " Hz, " + channels + " channels, sample format " + frame.format(),
                    "a positive number of each, and integers or floating point");
        }
    }

    private void requireSame(AVFrame frame) {
        if (frame.sample_rate() != sampleRate
                || frame.ch_layout().nb_channels() != channels
                || SampleFormat.of(frame) != sampleFormat) {
            throw new AudioException(
                    AudioException.Reason.FORMAT,
                    input.name(),
                    String.format(
                            Locale.ROOT,
                            "a change at %.3f s, to %d Hz and %d channels",
                            (double) framesRead / sampleRate,
                            frame.sample_rate(),
                            frame.ch_layout().nb_channels()),
                    sampleRate + " Hz and " + channels + " channels, coded alike, to the end");
        }
    }

    private void convert(AVFrame frame) {
        long samples = (long) frame.nb_samples() * channels;
        if (samples > MAX_FRAME_SAMPLES) {
            throw new AudioException(
                    AudioException.Reason.LIMIT,
                    input.name(),
                    "a frame of " + samples + " samples",
                    "at most " + MAX_FRAME_SAMPLES + " at once");
        }
        if (pending.length < samples) {
            pending = new float[(int) samples];
        }
        filled = (int) samples;
        sampleFormat.convert(frame, channels, pending);
    }

    @Override
    public List<AudioLoss> losses() {
        return reader.losses();
    }

    @Override
    public void close() {
        closed = true;
        reader.close();
    }
}
