package org.earshot.dataset;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Says how two names differ that look the same on a screen. */
final class LookAlikes {
    /** More characters than these are seen to differ. */
    private static final int MOST = 4;

    private static final int ASCII = 0x7f;

    private LookAlikes() {}

    /**
     * Where two names differ, character by character, if a reader may not see it: where the characters are not plain
     * ASCII, or are blanks.
     *
     * @return such as {@code (U+00FC LATIN SMALL LETTER U WITH DIAERESIS, there U+0075 LATIN SMALL LETTER U + U+0308
     *     COMBINING DIAERESIS)}; empty if a reader sees it, or there is no difference
     */
    static String difference(String here, String there) {
        int[] a = here.codePoints().toArray();
        int[] b = there.codePoints().toArray();
        int start = 0;
        while (start < Math.min(a.length, b.length) && a[start] == b[start]) {
            start++;
        }
        int end = 0;
        while (end < Math.min(a.length, b.length) - start && a[a.length - 1 - end] == b[b.length - 1 - end]) {
            end++;
        }
        int[] mine = Arrays.copyOfRange(a, start, a.length - end);
        int[] others = Arrays.copyOfRange(b, start, b.length - end);
        boolean few = Math.max(mine.length, others.length) <= MOST;
        boolean unseen = Arrays.stream(mine).anyMatch(LookAlikes::isUnseen)
                || Arrays.stream(others).anyMatch(LookAlikes::isUnseen);
        return few && unseen ? " (" + names(mine) + ", there " + names(others) + ")" : "";
    }

    private static boolean isUnseen(int c) {
        return c > ASCII || Character.isWhitespace(c) || Character.isISOControl(c);
    }

    private static String names(int... characters) {
        return characters.length == 0
                ? "nothing"
                : Arrays.stream(characters)
                        .mapToObj(c -> String.format(Locale.ROOT, "U+%04X %s", c, Character.getName(c)))
                        .collect(Collectors.joining(" + "));
    }
}
