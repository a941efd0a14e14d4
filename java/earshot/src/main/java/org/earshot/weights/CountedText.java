package org.earshot.weights;

/** A text that can only be looked at so often, which bounds the backtracking of a regular expression. */
final class CountedText implements CharSequence {
    private static final int MOST_LOOKS = 1_000_000;

    private final String text;
    private final int[] looks;

    /** Looks that many texts may take together. */
    static final class Budget {
        private static final long MOST_TOGETHER = 200_000_000;
        private long left = MOST_TOGETHER;

        /** Takes what was used for one text. */
        void take(CountedText text) {
            left -= text.looks[0];
            if (left < 0) {
                throw new ExhaustedException();
            }
        }
    }

    /** Too many looks. */
    static final class ExhaustedException extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    CountedText(String text) {
        this(text, new int[1]);
    }

    private CountedText(String text, int[] looks) {
        this.text = text;
        this.looks = looks;
    }

    @Override
    public int length() {
        return text.length();
    }

    @Override
    public char charAt(int index) {
        if (++looks[0] > MOST_LOOKS) {
            throw new ExhaustedException();
        }
        return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
        return new CountedText(text.substring(start, end), looks);
    }

    @Override
    public String toString() {
        return text;
    }
}
