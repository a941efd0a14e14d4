package org.earshot.layer;

/** Element-wise function behind a linear layer. */
public enum Activation {
    /** The identity. */
    NONE,
    /** max(x, 0). */
    RELU
}
