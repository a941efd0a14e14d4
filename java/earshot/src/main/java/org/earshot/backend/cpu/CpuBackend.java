package org.earshot.backend.cpu;

import java.util.Optional;
import org.earshot.backend.Execution;
import org.earshot.backend.Operation;
import org.earshot.backend.Precision;
import org.earshot.backend.packing.PackedBackend;
import org.earshot.backend.packing.PackedLayer;
import org.earshot.error.BackendException;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMelFrames;
import org.earshot.layer.LogMelSpectrogram;
import org.earshot.layer.Signature;

/** The native CPU kernels. Every layer becomes one native operation that packs the weights once. */
public final class CpuBackend extends PackedBackend {
    /** Its name. */
    public static final String NAME = "cpu";

    private final InstructionSet instructionSet;
    private final int threads;

    /**
     * Creates the backend, loading the library where nobody has yet.
     *
     * @param instructionSet the set to use, one that this processor has
     * @param threads of every execution, the caller's included; at least 1
     */
    public CpuBackend(InstructionSet instructionSet, int threads) {
        this(instructionSet, threads, Precision.FLOAT32);
    }

    /**
     * Creates the backend, loading the library where nobody has yet.
     *
     * @param instructionSet the set to use, one that this processor has
     * @param threads of every execution, the caller's included; at least 1
     * @param precision of the dense encoder's and the Mamba paths' products; others are float32
     * @throws BackendException if the instruction set does not have the precision
     */
    public CpuBackend(InstructionSet instructionSet, int threads, Precision precision) {
        super(NAME, precision);
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads; expected at least 1");
        }
        if (!instructionSet.available()) {
            throw new IllegalArgumentException(instructionSet + " is not available on this processor");
        }
        this.instructionSet = instructionSet;
        this.threads = threads;
        if (precision == Precision.TF32) {
            throw new BackendException(
                    NAME, "precision " + precision, Precision.FLOAT32 + " or " + Precision.BF16 + ", or backend cuda");
        }
        if (precision == Precision.BF16 && !instructionSet.hasBf16()) {
            throw new BackendException(
                    NAME,
                    "precision " + precision + " with " + instructionSet,
                    "a processor with AVX512-BF16, or precision " + Precision.FLOAT32);
        }
    }

    @Override
    public Execution open() {
        return new CpuExecution(threads);
    }

    @Override
    protected Operation operation(Signature signature, PackedLayer packed) {
        return new CpuOperation(signature, packed, instructionSet.code(), precisionCode());
    }

    @Override
    public Operation frontEnd(FeatureParameters parameters) {
        LogMelSpectrogram frontEnd = new LogMelSpectrogram(parameters);
        return operation(frontEnd, PackedLayer.of(frontEnd));
    }

    @Override
    public Optional<LogMelFrames> frames(FeatureParameters parameters) {
        return Optional.of(new CpuLogMelFrames(parameters, instructionSet));
    }

    @Override
    public String toString() {
        String running = threads + (threads == 1 ? " thread" : " threads");
        return NAME + "[" + instructionSet + ", " + shownPrecision() + running + "]";
    }
}
