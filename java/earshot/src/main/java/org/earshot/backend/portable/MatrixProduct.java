package org.earshot.backend.portable;

/**
 * Product of a weight matrix with a tile of positions held as rows: {@code out[o][t] += sum_k w[o, k] in[k][t]}.
 *
 * <p>Idea: the inner loop runs along the positions and adds four weighted rows to one; it reads five rows and writes
 * one for four multiply-adds, all from the first-level cache: a block of {@value #BLOCK} input rows stays there while
 * the output rows pass by. Bound: loads of the first-level cache (five for four multiply-adds). More rows at once would
 * be better, but JDK 17 no longer vectorises such a loop.
 */
final class MatrixProduct {
    /** Input rows that stay in the cache: 8 rows of 512 floats are 16 KiB. */
    private static final int BLOCK = 8;

    private MatrixProduct() {}

    /**
     * Adds a product.
     *
     * @param out rows that are added to
     * @param outputs number of them
     * @param in input rows
     * @param inputs number of them
     * @param weights matrix
     * @param offset of its first element
     * @param stride from one output's weights to the next
     * @param length of the rows
     */
    static void accumulate(
            float[][] out, int outputs, float[][] in, int inputs, float[] weights, int offset, int stride, int length) {
        for (int block = 0; block < inputs; block += BLOCK) {
            int end = Math.min(block + BLOCK, inputs);
            for (int o = 0; o < outputs; o++) {
                addRows(out[o], in, block, end, weights, offset + o * stride + block, length);
            }
        }
    }

    /** {@code out += sum over k from first to last (exclusive) of weights[w + k - first] in[k]}. */
    static void addRows(float[] out, float[][] in, int first, int last, float[] weights, int w, int length) {
        int k = first;
        for (; k + 4 <= last; k += 4) {
            addFour(out, in[k], in[k + 1], in[k + 2], in[k + 3], weights, w + k - first, length);
        }
        for (; k < last; k++) {
            addOne(out, in[k], weights[w + k - first], length);
        }
    }

    /** {@code out += sum over four of weights[w + i] in_i}. */
    static void addFour(
            float[] out, float[] in0, float[] in1, float[] in2, float[] in3, float[] weights, int w, int length) {
        float w0 = weights[w];
        float w1 = weights[w + 1];
        float w2 = weights[w + 2];
        float w3 = weights[w + 3];
        for (int t = 0; t < length; t++) {
            out[t] += w0 * in0[t] + w1 * in1[t] + w2 * in2[t] + w3 * in3[t];
        }
    }

    /** {@code out += weight in}. */
    static void addOne(float[] out, float[] in, float weight, int length) {
        for (int t = 0; t < length; t++) {
            out[t] += weight * in[t];
        }
    }
}
