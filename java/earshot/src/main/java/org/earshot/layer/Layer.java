package org.earshot.layer;

import java.util.List;

/**
 * One layer of a network: formula, weights, shapes and cost. Immutable. Weights are row-major float32 arrays in
 * PyTorch's order of dimensions; constructors check their lengths against each other.
 */
public interface Layer {
    /**
     * The layer's usual name, for summaries.
     *
     * @return for example {@code "dense encoder"}
     */
    String kind();

    /**
     * The shape this layer makes of its inputs.
     *
     * @param inputs one shape per input
     * @return the output's shape
     * @throws IllegalArgumentException if the layer cannot take such inputs; the message says what it takes
     */
    Shape outputShape(List<Shape> inputs);

    /**
     * Number of trained numbers.
     *
     * @return at least 0
     */
    long parameters();

    /**
     * Cost of one run in multiply-adds (a selective scan counts two a state update and leaves the exp out).
     *
     * @param inputs one shape per input, as {@link #outputShape} takes them
     * @return at least 0
     */
    long multiplyAdds(List<Shape> inputs);

    /**
     * Calls the visitor's method for this kind of layer.
     *
     * @param visitor whom to call
     * @param <R> what it returns
     * @return the visitor's answer
     */
    <R> R accept(LayerVisitor<R> visitor);
}
