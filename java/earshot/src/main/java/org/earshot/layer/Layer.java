package org.earshot.layer;

import java.util.List;

/**
 * One layer of a network: formula, weights, shapes and cost. Immutable. Weights are row-major float32 arrays in
 * PyTorch's order of dimensions; constructors check their lengths against each other.
 */
public interface Layer extends Signature {
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
