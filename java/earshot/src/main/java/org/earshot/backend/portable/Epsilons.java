package org.earshot.backend.portable;

/**
 * What norms add to a variance or a mean square before they take its root.
 *
 * @param norm of instance norms, layer norms and conditional layer norms
 * @param rootMean of the root mean square norms of Mamba layers
 */
public record Epsilons(float norm, float rootMean) {
    /** As the networks are specified: tools/reference/spec/models.md, "Common". */
    public static final Epsilons SPECIFIED = new Epsilons(1e-5f, 1e-5f);
}
