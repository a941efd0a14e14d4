package org.earshot.files;

import java.text.Normalizer;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Finds what someone may have meant who wrote a word that is not known. */
public final class NearWords {
    private static final int MOST_SUGGESTIONS = 3;

    /** Comparing costs the product of the lengths and the number of candidates: hostile words are not worth it. */
    private static final int LONGEST = 100;

    private static final int MOST_CANDIDATES = 10_000;

    /** One letter in so many may be wrong. */
    private static final int LETTERS_PER_MISTAKE = 3;

    /** A beginning of so many letters is enough to mean a word. */
    private static final int SHORTEST_BEGINNING = 3;

    private NearWords() {}

    private record Near(String word, int distance) {}

    /**
     * The words that look most like a given one; case, accents, blanks and punctuation count little.
     *
     * @param word what was written
     * @param candidates the words that are known
     * @return at most three, the nearest first; none if nothing is near
     */
    public static List<String> of(String word, Collection<String> candidates) {
        if (word.length() > LONGEST) {
            return List.of();
        }
        String key = key(word);
        return candidates.stream()
                .filter(candidate -> candidate.length() <= LONGEST)
                .limit(MOST_CANDIDATES)
                .map(candidate -> new Near(candidate, distance(key, key(candidate))))
                .filter(near -> near.distance <= key.length() / LETTERS_PER_MISTAKE)
                .sorted(Comparator.comparingInt(Near::distance))
                .limit(MOST_SUGGESTIONS)
                .map(Near::word)
                .toList();
    }

    /** Letters and digits alone, without accents, small. */
    private static String key(String word) {
        return Normalizer.normalize(word, Normalizer.Form.NFKD)
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^\\p{L}\\p{N}]", "");
    }

    private static int distance(String key, String candidate) {
        boolean begun = key.length() >= SHORTEST_BEGINNING && candidate.startsWith(key);
        return begun ? 1 : EditDistance.of(key, candidate);
    }

    /**
     * A question to put behind a complaint.
     *
     * @param word what was written
     * @param candidates the words that are known
     * @return such as {@code ; did you mean Jinan or Hainan?}; empty if nothing is near
     */
    public static String hint(String word, Collection<String> candidates) {
        List<String> near = of(word, candidates);
        return near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near) + "?";
    }
}
