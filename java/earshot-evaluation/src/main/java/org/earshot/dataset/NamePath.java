package org.earshot.dataset;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A recording's name with the folders before it, of either kind of separator: metadata may come from another system.
 * Only ever compared, never opened. Immutable.
 */
final class NamePath {
    /** The name last. */
    private final List<String> segments;

    private final List<String> folded;

    private NamePath(List<String> segments) {
        this.segments = segments;
        folded = segments.stream().map(NamePath::fold).toList();
    }

    /** Takes a path apart. One that ends with a separator has no name. */
    static NamePath of(String text) {
        List<String> segments = new ArrayList<>();
        String separated = text.replace('\\', '/');
        if (!separated.endsWith("/")) {
            for (String segment : separated.split("/", -1)) {
                if (!segment.isEmpty() && !segment.equals(".")) {
                    segments.add(segment);
                }
            }
        }
        return new NamePath(List.copyOf(segments));
    }

    /** The last part; empty if there is none. */
    String base() {
        return segments.isEmpty() ? "" : segments.get(segments.size() - 1);
    }

    /** The last part without its extension. */
    String stem() {
        return withoutExtension(base());
    }

    private static String withoutExtension(String name) {
        int dot = name.lastIndexOf('.');
        return dot > 0 ? name.substring(0, dot) : name;
    }

    /** The whole without the last part's extension. */
    NamePath withoutExtension() {
        return of(withoutExtension(toString()));
    }

    /** How many folders two paths have in common from the end on, whatever their case. */
    int sharedFolders(NamePath other) {
        return shared(folded, other.folded);
    }

    /** As {@link #sharedFolders}, letter by letter. */
    int sharedFoldersExactly(NamePath other) {
        return shared(segments, other.segments);
    }

    private static int shared(List<String> a, List<String> b) {
        int most = Math.min(a.size(), b.size()) - 1;
        int count = 0;
        while (count < most && a.get(a.size() - 2 - count).equals(b.get(b.size() - 2 - count))) {
            count++;
        }
        return count;
    }

    /** Whether no folder of one contradicts one of the other. */
    boolean agrees(NamePath other) {
        return sharedFolders(other) == Math.min(segments.size(), other.segments.size()) - 1;
    }

    /** The one form of characters that Unicode writes in several ways. */
    static String composed(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFC);
    }

    /** As {@link #composed}, whatever the case. */
    static String fold(String text) {
        return composed(text).toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
    }

    /** With slashes, and without what means nothing. */
    @Override
    public String toString() {
        return String.join("/", segments);
    }
}
