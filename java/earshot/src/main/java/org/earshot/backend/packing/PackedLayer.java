package org.earshot.backend.packing;

import java.util.Arrays;
import org.earshot.layer.Layer;
import org.earshot.layer.LogMelSpectrogram;

/**
 * A layer as every native library takes it: its kind, its numbers, and its weights one after the other. What they mean
 * and in which order they come is written down in {@code native/include/earshot_layers.h}, whose constants are repeated
 * in this package.
 */
public final class PackedLayer {
    private final LayerKind kind;
    private final int[] numbers;
    private final float[] weights;

    PackedLayer(LayerKind kind, float[] weights, int... numbers) {
        this.kind = kind;
        this.numbers = numbers;
        this.weights = weights;
    }

    /**
     * Packs a layer.
     *
     * @param layer what to pack
     * @return its numbers and a copy of its weights
     * @throws ArithmeticException if it has more weights than an array can hold
     */
    public static PackedLayer of(Layer layer) {
        return layer.accept(new LayerPacker());
    }

    /**
     * Packs the front end.
     *
     * @param frontEnd what to pack
     * @return its numbers and the weights of its filters
     */
    public static PackedLayer of(LogMelSpectrogram frontEnd) {
        return LogMelPacking.pack(frontEnd.parameters());
    }

    /**
     * What it is.
     *
     * @return the kind
     */
    public LayerKind kind() {
        return kind;
    }

    /**
     * Its sizes and choices.
     *
     * @return the array itself; not to be changed
     */
    public int[] numbers() {
        return numbers;
    }

    /**
     * Its parameters, one after the other.
     *
     * @return the array itself; not to be changed
     */
    public float[] weights() {
        return weights;
    }

    @Override
    public String toString() {
        return kind + Arrays.toString(numbers) + ", " + weights.length + " weights";
    }
}
