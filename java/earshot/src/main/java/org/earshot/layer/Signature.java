package org.earshot.layer;

import java.util.List;

/** What a computation takes and makes: all that must be known to plan it. */
public interface Signature {
    /**
     * The computation's usual name, for summaries and messages.
     *
     * @return for example {@code "dense encoder"}
     */
    String kind();

    /**
     * The shape made of inputs.
     *
     * @param inputs one shape per input
     * @return the output's shape
     * @throws IllegalArgumentException if there can be no such inputs; the message says what is expected
     */
    Shape outputShape(List<Shape> inputs);
}
