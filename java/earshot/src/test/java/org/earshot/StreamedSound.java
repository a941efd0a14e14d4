package org.earshot;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntSupplier;

/** Sound that is pushed, and what is answered to it. Windows are of one second here. */
final class StreamedSound {
    static final int RATE = SmallModel.RATE;
    static final RecordingContext XIAN = RecordingContext.of("Xi'an", LocalDateTime.of(2023, 6, 18, 18, 44));
    static final RecordingContext LATER = RecordingContext.of("Xi'an", LocalDateTime.of(2023, 6, 18, 23, 44));
    static final Duration HOP = Duration.ofMillis(400);

    private StreamedSound() {}

    static SceneClassifier classifier(Path temporary) throws IOException {
        return classifier(temporary, "portable");
    }

    /** A network that needs more than one frame. */
    static SceneClassifier demanding(Path temporary) throws IOException {
        Path model = SmallModel.GOLDEN.resolve("se-trans-audio-only");
        return SceneClassifier.builder(SmallModel.variant(model, temporary, "\"frames\": 500", "\"frames\": 50"))
                .backend("portable")
                .windowHop(HOP)
                .load();
    }

    static SceneClassifier classifier(Path temporary, String backend) throws IOException {
        return SceneClassifier.builder(SmallModel.quick(temporary))
                .backend(backend)
                .threads(1)
                .sessions(1)
                .windowHop(HOP)
                .load();
    }

    /** Sound whose loudness changes, so that every window has a clamp of its own. */
    static float[] sound(double seconds, int rate) {
        Random random = new Random(11);
        float[] sound = new float[(int) (seconds * rate)];
        for (int i = 0; i < sound.length; i++) {
            double level = Math.pow(10, 2 * Math.sin(5.0 * i / rate) - 3);
            sound[i] = (float) (level * random.nextGaussian());
        }
        return sound;
    }

    /** An answer as text, with every bit of it. */
    static String text(Duration start, Duration end, ScenePrediction answer) {
        return start + " to " + end + " " + answer.ranking();
    }

    /** What the classifier says of the windows of a recording. */
    static List<String> expected(List<ScenePrediction.Window> windows) {
        return windows.stream()
                .map(window -> window.start() + " to " + window.start().plus(window.length()) + " " + window.ranking())
                .toList();
    }

    static void push(SceneStream stream, float[] sound, IntSupplier lengths) {
        for (int position = 0; position < sound.length; ) {
            int length = Math.min(lengths.getAsInt(), sound.length - position);
            stream.push(sound, position, length);
            position += length;
        }
    }

    static List<String> streamed(
            Classifier<ScenePrediction, ?> classifier, float[] sound, int rate, IntSupplier lengths) {
        List<String> answers = new ArrayList<>();
        try (SceneStream stream = classifier.stream(XIAN, rate)
                .open(window -> answers.add(text(window.start(), window.end(), window.prediction())))) {
            push(stream, sound, lengths);
            stream.flush();
        }
        return answers;
    }
}
