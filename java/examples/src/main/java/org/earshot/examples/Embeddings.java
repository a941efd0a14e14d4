package org.earshot.examples;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.earshot.AudioClip;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;

/** Sorts recordings by how much they sound like a given one: {@code Embeddings MODEL WANTED RECORDING...}. */
public final class Embeddings {
    private Embeddings() {}

    /**
     * Compares recordings by the cosine between their embeddings: what enters the network's last layer.
     *
     * @param classifier the model
     * @param wanted what to look for
     * @param candidates recordings by name
     * @return similarity, from -1 to 1, by name; the most similar first
     */
    public static Map<String, Double> similarities(
            SceneClassifier classifier, AudioClip wanted, Map<String, AudioClip> candidates) {
        float[] target = classifier.embed(wanted, RecordingContext.unknown());
        Map<String, Double> all = new LinkedHashMap<>();
        candidates.forEach(
                (name, clip) -> all.put(name, cosine(target, classifier.embed(clip, RecordingContext.unknown()))));
        Map<String, Double> sorted = new LinkedHashMap<>();
        all.entrySet().stream()
                .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
                .forEach(entry -> sorted.put(entry.getKey(), entry.getValue()));
        return sorted;
    }

    private static double cosine(float[] a, float[] b) {
        double product = 0;
        double squareA = 0;
        double squareB = 0;
        for (int i = 0; i < a.length; i++) {
            product += (double) a[i] * b[i];
            squareA += (double) a[i] * a[i];
            squareB += (double) b[i] * b[i];
        }
        return product / Math.sqrt(squareA * squareB);
    }

    /**
     * Prints the recordings, the most similar first.
     *
     * @param args the model directory, the recording that is looked for, and those to look through
     */
    public static void main(String[] args) {
        Map<String, AudioClip> candidates = new LinkedHashMap<>();
        Arrays.stream(args).skip(2).forEach(name -> candidates.put(name, AudioClip.read(Path.of(name))));
        try (SceneClassifier classifier = SceneClassifier.load(Path.of(args[0]))) {
            similarities(classifier, AudioClip.read(Path.of(args[1])), candidates)
                    .forEach((name, similarity) -> System.out.printf("%.3f  %s%n", similarity, name));
        }
    }
}
