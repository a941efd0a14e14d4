package org.earshot.layer;

/**
 * PyTorch's bins of an adaptive pooling of {@code length} positions to {@code bins}: bin i takes the positions from
 * {@code floor(i length / bins)} to {@code ceil((i + 1) length / bins)}, exclusive. Where the length is no multiple of
 * the bins, neighbours overlap by one position; where it is smaller, a position is in several bins. No bin is empty.
 */
public final class AdaptiveBins {
    private AdaptiveBins() {}

    /**
     * Where a bin begins.
     *
     * @param bin its number
     * @param bins how many there are, at least 1
     * @param length positions, at least 1
     * @return its first position
     */
    public static int start(int bin, int bins, int length) {
        return (int) ((long) bin * length / bins);
    }

    /**
     * Where a bin ends.
     *
     * @param bin its number
     * @param bins how many there are, at least 1
     * @param length positions, at least 1
     * @return the position behind its last
     */
    public static int end(int bin, int bins, int length) {
        return (int) (((long) (bin + 1) * length + bins - 1) / bins);
    }
}
