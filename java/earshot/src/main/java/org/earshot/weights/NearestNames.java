package org.earshot.weights;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import org.earshot.files.EditDistance;

/** Finds the names a misspelt or renamed tensor may have, by edit distance over the segments between the dots. */
final class NearestNames {
    private static final int MOST_SUGGESTIONS = 2;
    /** Comparing costs the product of all lengths; beyond this many candidates a hint is not worth it. */
    private static final int MOST_CANDIDATES = 2000;

    private static final int LONGEST_CANDIDATE = 128;

    private NearestNames() {}

    private record Scored(String name, double distance) {}

    /**
     * The nearest names, best first.
     *
     * @return at most two; none where all differ in more than half of their segments
     */
    static List<String> of(String name, Collection<String> candidates) {
        String[] segments = name.split("\\.", -1);
        return candidates.stream()
                .filter(candidate -> candidate.length() <= LONGEST_CANDIDATE)
                .limit(MOST_CANDIDATES)
                .map(candidate -> new Scored(candidate, distance(segments, candidate.split("\\.", -1))))
                .filter(scored -> scored.distance() <= segments.length / 2.0)
                .sorted(Comparator.comparingDouble(Scored::distance))
                .limit(MOST_SUGGESTIONS)
                .map(Scored::name)
                .toList();
    }

    /** The nearest names, best first, however far they are. */
    static List<String> sorted(String name, Collection<String> candidates, int most) {
        String[] segments = name.split("\\.", -1);
        return candidates.stream()
                .filter(candidate -> candidate.length() <= LONGEST_CANDIDATE)
                .limit(MOST_CANDIDATES)
                .map(candidate -> new Scored(candidate, distance(segments, candidate.split("\\.", -1))))
                .sorted(Comparator.comparingDouble(Scored::distance))
                .limit(most)
                .map(Scored::name)
                .toList();
    }

    /** Levenshtein's distance over segments; replacing one by another costs by how much their letters differ. */
    static double distance(String[] a, String[] b) {
        double[] row = new double[b.length + 1];
        for (int j = 0; j <= b.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length; i++) {
            double diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length; j++) {
                double replaced = diagonal + difference(a[i - 1], b[j - 1]);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length];
    }

    /** 0 for equal segments, 1 for ones with nothing in common. */
    private static double difference(String a, String b) {
        if (a.equals(b)) {
            return 0;
        }
        return (double) EditDistance.of(a, b) / Math.max(a.length(), b.length());
    }
}
