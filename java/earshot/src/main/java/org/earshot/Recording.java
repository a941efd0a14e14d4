package org.earshot;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.earshot.audio.AudioLimits;
import org.earshot.audio.AudioLoss;
import org.earshot.audio.AudioStream;
import org.earshot.audio.MonoReader;
import org.earshot.audio.SampleSource;

/** A recording that a call opens once it has a session: calls that wait hold no file open. */
interface Recording {
    /** What messages call it. */
    String name();

    /** Opens it; the caller closes it. */
    Samples open();

    /** A recording's samples at the rate of the features. */
    interface Samples extends SampleSource, AutoCloseable {
        /** What of it could not be decoded so far. */
        default List<AudioLoss> losses() {
            return List.of();
        }

        @Override
        void close();
    }

    /** One in memory. */
    static Recording of(AudioClip clip, int sampleRate) {
        SampleSource reader = clip.reader(sampleRate);
        return of(clip.source(), () -> new Open(reader, clip::losses, () -> {}));
    }

    /** One in a file. */
    static Recording of(Path file, int sampleRate, AudioLimits limits) {
        return of(file.toString(), () -> open(MonoReader.open(file, sampleRate, limits)));
    }

    /** One that the caller knows how to open. */
    static Recording of(Supplier<AudioStream> stream, String name, int sampleRate) {
        return of(name, () -> {
            AudioStream opened = stream.get();
            if (opened == null) {
                throw new IllegalStateException(name + ": what opens the recording gave null; expected an AudioStream");
            }
            return open(MonoReader.of(opened, name, sampleRate));
        });
    }

    private static Samples open(MonoReader reader) {
        return new Open(reader, reader::losses, reader::close);
    }

    private static Recording of(String name, Supplier<Samples> opening) {
        return new Recording() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Samples open() {
                return opening.get();
            }
        };
    }

    /** Samples whose losses and whose end are told by what they come from. */
    record Open(SampleSource samples, Supplier<List<AudioLoss>> missing, Runnable closing) implements Samples {
        @Override
        public List<AudioLoss> losses() {
            return missing.get();
        }

        @Override
        public int read(float[] target, int offset, int length) {
            return samples.read(target, offset, length);
        }

        @Override
        public void close() {
            closing.run();
        }
    }
}
