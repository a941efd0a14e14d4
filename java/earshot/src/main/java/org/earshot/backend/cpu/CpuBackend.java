package org.earshot.backend.cpu;

import org.earshot.BackendException;
import org.earshot.backend.Backend;
import org.earshot.backend.Execution;
import org.earshot.backend.Operation;
import org.earshot.backend.Precision;
import org.earshot.layer.BandNorm;
import org.earshot.layer.Concatenation;
import org.earshot.layer.ContextEncoder;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.GatedFusion;
import org.earshot.layer.GlobalPool;
import org.earshot.layer.Gru;
import org.earshot.layer.Layer;
import org.earshot.layer.Linear;
import org.earshot.layer.MambaPath;
import org.earshot.layer.ResidualSeparable;
import org.earshot.layer.SqueezeExcitation;
import org.earshot.layer.TokenPool;
import org.earshot.layer.Transformer;

/** The native CPU kernels. Every layer becomes one native operation that packs the weights once. */
public final class CpuBackend implements Backend {
    /** Its name. */
    public static final String NAME = "cpu";

    private final InstructionSet instructionSet;
    private final int threads;
    private final Precision precision;

    /**
     * Creates the backend; the library has been loaded.
     *
     * @param instructionSet the set to use, one that this processor has
     * @param threads of every execution, the caller's included; at least 1
     */
    public CpuBackend(InstructionSet instructionSet, int threads) {
        this(instructionSet, threads, Precision.FLOAT32);
    }

    /**
     * Creates the backend; the library has been loaded.
     *
     * @param instructionSet the set to use, one that this processor has
     * @param threads of every execution, the caller's included; at least 1
     * @param precision of the dense encoder's and the Mamba paths' products; others are float32
     * @throws BackendException if the instruction set does not have the precision
     */
    public CpuBackend(InstructionSet instructionSet, int threads, Precision precision) {
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads; expected at least 1");
        }
        if (!instructionSet.available()) {
            throw new IllegalArgumentException(instructionSet + " is not available on this processor");
        }
        this.instructionSet = instructionSet;
        this.threads = threads;
        this.precision = precision;
        if (precision == Precision.BF16 && !instructionSet.hasBf16()) {
            throw new BackendException(
                    NAME,
                    "precision " + precision + " with " + instructionSet,
                    "a processor with AVX512-BF16, or precision " + Precision.FLOAT32);
        }
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Execution open() {
        return new CpuExecution(threads);
    }

    @Override
    public Operation linear(Linear layer) {
        return operation(layer);
    }

    @Override
    public Operation globalPool(GlobalPool layer) {
        return operation(layer);
    }

    @Override
    public Operation contextEncoder(ContextEncoder layer) {
        return operation(layer);
    }

    @Override
    public Operation denseEncoder(DenseEncoder layer) {
        return operation(layer);
    }

    @Override
    public Operation mambaPath(MambaPath layer) {
        return operation(layer);
    }

    @Override
    public Operation bandNorm(BandNorm layer) {
        return operation(layer);
    }

    @Override
    public Operation squeezeExcitation(SqueezeExcitation layer) {
        return operation(layer);
    }

    @Override
    public Operation tokenPool(TokenPool layer) {
        return operation(layer);
    }

    @Override
    public Operation transformer(Transformer layer) {
        return operation(layer);
    }

    @Override
    public Operation concatenation(Concatenation layer) {
        return operation(layer);
    }

    @Override
    public Operation residualSeparable(ResidualSeparable layer) {
        return operation(layer);
    }

    @Override
    public Operation gru(Gru layer) {
        return operation(layer);
    }

    @Override
    public Operation gatedFusion(GatedFusion layer) {
        return operation(layer);
    }

    private Operation operation(Layer layer) {
        return new CpuOperation(layer, instructionSet.code(), precisionCode());
    }

    private int precisionCode() {
        return switch (precision) {
            case FLOAT32 -> EarshotCpu.EARSHOT_PRECISION_FLOAT32;
            case BF16 -> EarshotCpu.EARSHOT_PRECISION_BF16;
        };
    }

    @Override
    public String toString() {
        String shown = precision == Precision.FLOAT32 ? "" : precision + ", ";
        return NAME + "[" + instructionSet + ", " + shown + threads + (threads == 1 ? " thread]" : " threads]");
    }
}
