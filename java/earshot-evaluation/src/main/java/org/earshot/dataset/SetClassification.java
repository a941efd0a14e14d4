package org.earshot.dataset;

import java.nio.file.Path;
import java.util.List;
import java.util.function.ObjIntConsumer;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.ScenePrediction;
import org.earshot.ScenePrediction.ScoredScene;
import org.earshot.error.AudioException;
import org.earshot.error.ContextException;

/** Classifies all clips of a set from their features, as many at once as the classifier has sessions. */
public final class SetClassification {
    private SetClassification() {}

    /**
     * Classifies a set.
     *
     * @param classifier the model
     * @param features of the clips, made with the model's parameters
     * @param contexts where and when each clip was recorded, or is said to have been
     * @param progress told of each clip
     * @return {@code [clips][classes]}: probabilities, classes in the order of the classifier's labels
     * @throws org.earshot.error.EarshotException if a clip cannot be read or classified, or a probability is not finite
     * @throws IllegalArgumentException if there are more or fewer contexts than clips, or the features are of other
     *     parameters
     */
    public static float[][] run(
            SceneClassifier classifier,
            FeatureSource features,
            List<RecordingContext> contexts,
            ProgressListener progress) {
        requireFit(classifier, features, contexts);
        float[][] probabilities = new float[features.size()][];
        run(0, List.of(classifier), features, contexts, (scores, clip) -> {
            probabilities[clip] = scores[0];
            progress.clipDone(clip + 1, probabilities.length);
        });
        return probabilities;
    }

    /**
     * Classifies the clips from a given one on, each with several models.
     *
     * @param from the first clip
     * @param classifiers the models, all with the features' parameters
     * @param features of the clips
     * @param contexts where and when each clip was recorded
     * @param sink takes {@code [models][classes]} of each clip, in the clips' order, in the caller's thread
     * @throws org.earshot.error.EarshotException if a clip cannot be read or classified, or a probability is not finite
     * @throws IllegalArgumentException as {@link #run(SceneClassifier, FeatureSource, List, ProgressListener)}
     */
    public static void run(
            int from,
            List<SceneClassifier> classifiers,
            FeatureSource features,
            List<RecordingContext> contexts,
            ObjIntConsumer<? super float[][]> sink) {
        run(from, classifiers, features, contexts, sink, (reason, clip) -> {
            throw reason;
        });
    }

    /**
     * Classifies the clips from a given one on, each with several models, and goes on past recordings that cannot be
     * read.
     *
     * @param from the first clip
     * @param classifiers the models, all with the features' parameters
     * @param features of the clips
     * @param contexts where and when each clip was recorded
     * @param sink takes {@code [models][classes]} of each clip that can be read, in the clips' order, in the caller's
     *     thread
     * @param unreadable takes what is wrong with each of the others, in the same order and thread
     * @throws org.earshot.error.EarshotException if a clip cannot be classified, or a probability is not finite
     * @throws IllegalArgumentException as {@link #run(SceneClassifier, FeatureSource, List, ProgressListener)}
     */
    public static void run(
            int from,
            List<SceneClassifier> classifiers,
            FeatureSource features,
            List<RecordingContext> contexts,
            ObjIntConsumer<? super float[][]> sink,
            ObjIntConsumer<? super AudioException> unreadable) {
        classifiers.forEach(classifier -> requireFit(classifier, features, contexts));
        int threads =
                classifiers.stream().mapToInt(SceneClassifier::sessions).max().orElseThrow();
        FeaturePass.<float[][]>run(
                from,
                features,
                threads,
                (clip, values, frames) -> {
                    float[][] scores = new float[classifiers.size()][];
                    for (int model = 0; model < scores.length; model++) {
                        scores[model] = scores(
                                classifiers.get(model), features.recording(clip), values, frames, contexts.get(clip));
                    }
                    return scores;
                },
                sink,
                unreadable);
    }

    /**
     * Classifies one clip.
     *
     * @param classifier the model
     * @param recording its file, for messages
     * @param features {@code [frames, bands]} made with the model's parameters; may be longer
     * @param frames how many there are
     * @param context where and when it was recorded
     * @return {@code [classes]}: probabilities, classes in the order of the classifier's labels
     * @throws DatasetException if it cannot be classified, or a probability is not finite
     */
    public static float[] scores(
            SceneClassifier classifier, Path recording, float[] features, int frames, RecordingContext context) {
        ScenePrediction prediction;
        try {
            prediction = classifier.classifyFeatures(features, frames, context);
        } catch (AudioException | ContextException e) {
            throw new DatasetException(recording, e);
        }
        List<String> labels = classifier.labels();
        float[] probabilities = new float[labels.size()];
        for (ScoredScene scene : prediction.ranking()) {
            if (!Float.isFinite(scene.probability())) {
                throw new DatasetException(
                        recording, "a probability of " + scene.probability(), "a number (are the weights finite?)");
            }
            probabilities[labels.indexOf(scene.label())] = scene.probability();
        }
        return probabilities;
    }

    private static void requireFit(
            SceneClassifier classifier, FeatureSource features, List<RecordingContext> contexts) {
        if (!features.parameters().equals(classifier.config().features())) {
            throw new IllegalArgumentException("features made with " + features.parameters() + "; expected "
                    + classifier.config().features());
        }
        if (contexts.size() != features.size()) {
            throw new IllegalArgumentException(contexts.size() + " contexts; expected " + features.size());
        }
    }
}
