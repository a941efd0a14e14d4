package org.earshot.spark;

import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.earshot.AudioClip;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.ScenePrediction;
import org.earshot.audio.AudioLimits;
import org.earshot.audio.Samples;
import org.earshot.dataset.DatasetException;
import org.earshot.error.AudioException;
import org.earshot.error.CancelledException;
import org.earshot.error.EarshotException;
import org.earshot.features.FeatureParameters;

/**
 * Recordings that are classified together. Those of one window are computed at once; a longer one streams by itself.
 * Whatever is wrong with one of them is an answer, and no other's affair.
 */
final class RecordingBatch {
    private final SceneClassifier classifier;
    private final RecordingFiles files;
    private final AudioLimits limits;
    private final boolean embedding;
    /** What fits into one window: of a longer recording no more than this is read before it streams. */
    private final AudioLimits oneWindow;

    private final List<Answer> answers = new ArrayList<>();
    private final List<AudioClip> clips = new ArrayList<>();
    /** Of each clip, which answer it is to have. */
    private final List<Answer> waiting = new ArrayList<>();

    RecordingBatch(SceneClassifier classifier, RecordingFiles files, SparkOptions options) {
        this.classifier = classifier;
        this.files = files;
        limits = options.limits();
        embedding = options.embedding();
        FeatureParameters features = classifier.config().features();
        Duration window = Samples.duration(features.windowSamples(), features.sampleRate());
        oneWindow = limits.withMaxDuration(window);
    }

    /** What became of a recording. */
    static final class Answer {
        private final String name;
        private RecordingContext context;
        private ScenePrediction prediction;
        private float[] embedding;
        private String error;

        private Answer(String name) {
            this.name = name;
        }

        /** Null if there is none. */
        ScenePrediction prediction() {
            return prediction;
        }

        /** Null if there is none, or none was wanted. */
        float[] embedding() {
            return embedding;
        }

        /** Null if nothing is wrong. */
        String error() {
            return error;
        }
    }

    /** Work on a recording that may find something wrong with it. */
    @FunctionalInterface
    private interface Work {
        void run();
    }

    /** A recording by its path. */
    void add(String path, Context context) {
        Answer answer = begin(path, context);
        tried(
                answer,
                () -> files.with(path, file -> {
                    read(answer, file);
                    return null;
                }));
    }

    /** Where and when a recording was made, or what is wrong with what a row says of it. */
    @FunctionalInterface
    interface Context {
        RecordingContext get();
    }

    /** A recording in memory. */
    void add(String name, byte[] content, Context context) {
        Answer answer = begin(name, context);
        tried(answer, () -> {
            AudioClip clip = AudioClip.read(new ByteArrayInputStream(content), name, limits);
            clips.add(clip);
            waiting.add(answer);
        });
    }

    /** The features of a recording. */
    void addFeatures(String name, Supplier<float[]> values, Context context) {
        Answer answer = begin(name, context);
        int bands = classifier.config().features().melBands();
        tried(answer, () -> {
            float[] features = values.get();
            if (features.length % bands != 0) {
                throw new DatasetException(
                        name, features.length + " features", "whole frames of " + bands + " bands, as the model has");
            }
            answer.prediction = classifier.classifyFeatures(features, features.length / bands, answer.context);
        });
    }

    /** A row that has no recording. */
    void addWithout(String name, String error) {
        Answer answer = new Answer(name);
        answer.error = error;
        answers.add(answer);
    }

    private Answer begin(String name, Context context) {
        Answer answer = new Answer(name);
        answers.add(answer);
        tried(answer, () -> answer.context = context.get());
        return answer;
    }

    private void read(Answer answer, Path file) {
        AudioClip clip;
        try {
            clip = AudioClip.read(file, oneWindow);
        } catch (AudioException e) {
            if (e.reason() != AudioException.Reason.LIMIT) {
                throw e;
            }
            answer.prediction = classifier.classify(file, answer.context);
            if (embedding) {
                answer.embedding = classifier.embed(AudioClip.read(file, limits), answer.context);
            }
            return;
        }
        clips.add(clip);
        waiting.add(answer);
    }

    /** How many there are. */
    int size() {
        return answers.size();
    }

    /** Computes what waits, and hands out all answers in the order of the recordings. */
    List<Answer> answers() {
        try {
            List<ScenePrediction> predictions = classifier.classifyAll(
                    clips, waiting.stream().map(answer -> answer.context).toList());
            for (int i = 0; i < predictions.size(); i++) {
                waiting.get(i).prediction = predictions.get(i);
            }
        } catch (EarshotException e) {
            requireFault(e);
            // One of them is wrong: which, they tell alone.
            for (int i = 0; i < clips.size(); i++) {
                AudioClip clip = clips.get(i);
                Answer answer = waiting.get(i);
                tried(answer, () -> answer.prediction = classifier.classify(clip, answer.context));
            }
        }
        if (embedding) {
            for (int i = 0; i < clips.size(); i++) {
                AudioClip clip = clips.get(i);
                Answer answer = waiting.get(i);
                tried(answer, () -> answer.embedding = classifier.embed(clip, answer.context));
            }
        }
        answers.forEach(RecordingBatch::requireNumber);
        return answers;
    }

    private static void requireNumber(Answer answer) {
        if (answer.prediction != null && !Float.isFinite(answer.prediction.probability())) {
            answer.error = answer.name + ": found a probability of " + answer.prediction.probability()
                    + "; expected a number (are the weights finite?)";
            answer.prediction = null;
        }
    }

    /** Does nothing for a recording that something is wrong with already. */
    private static void tried(Answer answer, Work work) {
        if (answer.error == null) {
            try {
                work.run();
            } catch (EarshotException e) {
                requireFault(e);
                answer.error = e.getMessage();
            }
        }
    }

    /** A task that is to end is no fault of the recording that it works on. */
    static void requireFault(EarshotException e) {
        if (e instanceof CancelledException
                || (e instanceof AudioException audio && audio.reason() == AudioException.Reason.INTERRUPTED)) {
            throw e;
        }
    }
}
