package org.earshot.examples;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.time.Duration;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.SceneStream;
import org.earshot.segmentation.SceneSegment;
import org.earshot.segmentation.SegmentListener;

/**
 * Tells when the scene changes in sound as it comes, 16 bits, little endian, mono, from the standard input:
 * {@code ffmpeg -i SOURCE -f s16le -ac 1 -ar 48000 - | LiveSound MODEL 48000}.
 */
public final class LiveSound {
    /** How often there is an answer. */
    private static final Duration HOP = Duration.ofSeconds(1);

    /** A fortieth of a second at 48 kHz: what is pushed at once matters little. */
    private static final int BYTES = 2400;

    private LiveSound() {}

    /**
     * Classifies sound until it ends.
     *
     * @param model a model directory
     * @param sound the samples
     * @param sampleRate Hz
     * @param changes told of the segments
     * @throws IOException if the sound cannot be read
     */
    public static void listen(Path model, InputStream sound, int sampleRate, SegmentListener changes)
            throws IOException {
        try (SceneClassifier classifier = SceneClassifier.load(model);
                ReadableByteChannel channel = Channels.newChannel(sound);
                SceneStream stream = classifier.stream(RecordingContext.unknown(), sampleRate)
                        .hop(HOP)
                        .open(window -> {}, changes)) {
            ByteBuffer bytes = ByteBuffer.allocate(BYTES);
            while (channel.read(bytes) >= 0) {
                stream.push(bytes.flip());
                bytes.compact();
            }
            stream.flush();
        }
    }

    /**
     * Prints the changes.
     *
     * @param args the model directory and the sample rate
     * @throws IOException if the standard input cannot be read
     */
    public static void main(String[] args) throws IOException {
        listen(Path.of(args[0]), System.in, Integer.parseInt(args[1]), new SegmentListener() {
            @Override
            public void began(SceneSegment soFar) {
                System.out.printf("since %.1f s: %s%n", soFar.startSeconds(), soFar.label());
            }

            @Override
            public void ended(SceneSegment segment) {
                System.out.printf("until %.1f s: %s%n", segment.endSeconds(), segment.label());
            }
        });
    }
}
