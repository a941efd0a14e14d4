package org.earshot.backend.packing;

import org.earshot.backend.Backend;
import org.earshot.backend.Operation;
import org.earshot.backend.Precision;
import org.earshot.layer.Layer;
import org.earshot.layer.Signature;

/** A backend whose native library takes every kind of layer in the same packing. */
public abstract class PackedBackend implements Backend {
    static final int PRECISION_FLOAT32 = 0;
    static final int PRECISION_BF16 = 1;
    static final int PRECISION_TF32 = 2;

    private final String name;
    private final Precision precision;

    /**
     * Creates the backend.
     *
     * @param name the backend's name
     * @param precision of its products
     */
    protected PackedBackend(String name, Precision precision) {
        this.name = name;
        this.precision = precision;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final Operation prepare(Layer layer) {
        return operation(layer, PackedLayer.of(layer));
    }

    /**
     * Prepares what was packed.
     *
     * @param signature what it computes
     * @param packed the same, packed
     * @return the prepared operation, which the caller closes
     */
    protected abstract Operation operation(Signature signature, PackedLayer packed);

    /**
     * The number that native libraries know the precision by.
     *
     * @return the value of {@code EARSHOT_PRECISION_*}
     */
    protected final int precisionCode() {
        return switch (precision) {
            case FLOAT32 -> PRECISION_FLOAT32;
            case BF16 -> PRECISION_BF16;
            case TF32 -> PRECISION_TF32;
        };
    }

    /**
     * The precision in a backend's description, in front of something else.
     *
     * @return empty for float32, which is what is expected
     */
    protected final String shownPrecision() {
        return precision == Precision.FLOAT32 ? "" : precision + ", ";
    }
}
