package org.earshot.backend.portable;

import java.util.Optional;
import org.earshot.backend.Backend;
import org.earshot.backend.Execution;
import org.earshot.backend.Operation;
import org.earshot.backend.common.LogMelOperation;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMel;
import org.earshot.features.LogMelFrames;
import org.earshot.layer.Layer;

/** The backend in plain Java. */
public final class PortableBackend implements Backend {
    /** Its name. */
    public static final String NAME = "portable";

    private final int threads;
    private final Epsilons epsilons;

    /**
     * Creates the backend.
     *
     * @param threads of every execution, the caller's included; at least 1
     */
    public PortableBackend(int threads) {
        this(threads, Epsilons.SPECIFIED);
    }

    /**
     * Creates a backend whose norms have other epsilons than the networks are specified with: to find out whether
     * somebody else's have.
     *
     * @param threads as above
     * @param epsilons of the norms
     */
    public PortableBackend(int threads, Epsilons epsilons) {
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads; expected at least 1");
        }
        this.threads = threads;
        this.epsilons = epsilons;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Execution open() {
        return new PortableExecution(threads);
    }

    @Override
    public Operation prepare(Layer layer) {
        return layer.accept(new PortableOperations(epsilons));
    }

    @Override
    public Operation frontEnd(FeatureParameters parameters) {
        return new LogMelOperation(parameters);
    }

    @Override
    public Optional<LogMelFrames> frames(FeatureParameters parameters) {
        return Optional.of(new LogMel(parameters).frames());
    }

    @Override
    public String toString() {
        return NAME + "[" + threads + (threads == 1 ? " thread]" : " threads]");
    }
}
