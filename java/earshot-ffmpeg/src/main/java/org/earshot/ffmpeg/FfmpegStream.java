package org.earshot.ffmpeg;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import org.bytedeco.ffmpeg.avutil.AVChannelLayout;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swresample;
import org.bytedeco.ffmpeg.swresample.SwrContext;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerPointer;
import org.earshot.AudioException;
import org.earshot.audio.AudioStream;

/** The PCM of a file's first or best audio stream, as interleaved floats. */
final class FfmpegStream implements AudioStream {
    /** Decoders give some thousand samples at a time; nothing real comes near 64 MiB. */
    private static final int MAX_FRAME_SAMPLES = 1 << 24;

    private static final FloatBuffer NOTHING = FloatBuffer.allocate(0);

    private final Path file;
    private final FrameReader reader;
    private SwrContext converter;
    private FloatPointer converted;
    private PointerPointer<FloatPointer> convertedPlanes;

    private int sampleRate;
    private int channels;
    private int sampleFormat;
    private long framesRead;
    private boolean closed;

    /** Samples of {@link #converted} that have not been read yet. */
    private FloatBuffer pending = NOTHING;

    FfmpegStream(Path file) {
        this.file = file;
        reader = new FrameReader(file);
        boolean opened = false;
        try {
            // The first frame, not the header, says what comes: the headers of some formats leave it open.
            if (!nextFrame()) {
                throw new AudioException(
                        AudioException.Reason.DAMAGED, file, "an audio stream without a single frame", "a recording");
            }
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
            throw new IllegalStateException(file + " is closed");
        }
        if (!pending.hasRemaining() && !nextFrame()) {
            return -1;
        }
        int samples = Math.min(frames * channels, pending.remaining());
        pending.get(interleaved, offset, samples);
        int read = samples / channels;
        framesRead += read;
        return read;
    }

    private boolean nextFrame() {
        do {
            AVFrame frame = reader.next();
            if (frame == null) {
                pending = NOTHING;
                return false;
            }
            if (converter == null) {
                openConverter(frame);
            } else if (frame.sample_rate() != sampleRate
                    || frame.ch_layout().nb_channels() != channels
                    || frame.format() != sampleFormat) {
                throw new AudioException(
                        AudioException.Reason.FORMAT,
                        file,
                        String.format(
                                Locale.ROOT,
                                "a change at %.3f s, to %d Hz and %d channels",
                                (double) framesRead / sampleRate,
                                frame.sample_rate(),
                                frame.ch_layout().nb_channels()),
                        sampleRate + " Hz and " + channels + " channels, coded alike, to the end");
            }
            convert(frame);
        } while (!pending.hasRemaining());
        return true;
    }

    private void openConverter(AVFrame frame) {
        sampleRate = frame.sample_rate();
        channels = frame.ch_layout().nb_channels();
        sampleFormat = frame.format();
        if (sampleRate <= 0 || channels <= 0) {
            throw new AudioException(
                    AudioException.Reason.DAMAGED,
                    file,
                    sampleRate + " Hz and " + channels + " channels",
                    "a positive number of each");
        }
        converter = new SwrContext(null);
        // The same layout on both sides: channels are neither mixed nor reordered.
        try (AVChannelLayout layout = new AVChannelLayout()) {
            avutil.av_channel_layout_default(layout, channels);
            int status = swresample.swr_alloc_set_opts2(
                    converter, layout, avutil.AV_SAMPLE_FMT_FLT, sampleRate, layout, sampleFormat, sampleRate, 0, null);
            reader.check(status, "setting up the conversion of samples");
        }
        reader.check(swresample.swr_init(converter), "setting up the conversion of samples");
        convertedPlanes = new PointerPointer<>(1);
    }

    /** To interleaved floats; rate and channels stay as they are, so what goes in comes out at once. */
    private void convert(AVFrame frame) {
        long capacity = (long) frame.nb_samples() * channels;
        if (capacity > MAX_FRAME_SAMPLES) {
            throw new AudioException(
                    AudioException.Reason.DAMAGED,
                    file,
                    "a frame of " + capacity + " samples",
                    "at most " + MAX_FRAME_SAMPLES + " at once");
        }
        if (converted == null || converted.capacity() < capacity) {
            pending = NOTHING;
            if (converted != null) {
                converted.close();
            }
            converted = new FloatPointer(capacity);
        }
        convertedPlanes.put(0, converted);
        int frames = swresample.swr_convert(
                converter, convertedPlanes, frame.nb_samples(), frame.extended_data(), frame.nb_samples());
        reader.check(frames, "converting samples");
        pending = converted.asBuffer().limit(frames * channels);
    }

    @Override
    public void close() {
        closed = true;
        pending = NOTHING;
        if (convertedPlanes != null) {
            convertedPlanes.close();
        }
        if (converted != null) {
            converted.close();
        }
        if (converter != null) {
            swresample.swr_free(converter);
        }
        reader.close();
    }
}
