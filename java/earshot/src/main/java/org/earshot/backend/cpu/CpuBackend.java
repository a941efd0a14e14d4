package org.earshot.backend.cpu;

import org.earshot.BackendException;
import org.earshot.backend.Backend;
import org.earshot.backend.Execution;
import org.earshot.backend.Operation;
import org.earshot.backend.Precision;
import org.earshot.layer.Activation;
import org.earshot.layer.BandNorm;
import org.earshot.layer.Concatenation;
import org.earshot.layer.ContextEncoder;
import org.earshot.layer.Convolution;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.GatedFusion;
import org.earshot.layer.GlobalPool;
import org.earshot.layer.Gru;
import org.earshot.layer.Layer;
import org.earshot.layer.LayerNorm;
import org.earshot.layer.Linear;
import org.earshot.layer.MambaLayer;
import org.earshot.layer.MambaPath;
import org.earshot.layer.NormalizedConvolution;
import org.earshot.layer.PreNorm;
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
     * @param precision of the encoder's and the Mamba paths' products
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
        FlatWeights weights = new FlatWeights();
        add(weights, layer);
        return new CpuOperation(
                layer,
                op -> EarshotCpu.earshot_cpu_linear_create(
                        weights.values(),
                        weights.count(),
                        layer.inputs(),
                        layer.outputs(),
                        layer.activation() == Activation.RELU ? 1 : 0,
                        instructionSet.code(),
                        op));
    }

    @Override
    public Operation globalPool(GlobalPool layer) {
        if (layer.operation() != GlobalPool.Kind.MEAN) {
            throw missing(layer);
        }
        return new CpuOperation(
                layer, op -> EarshotCpu.earshot_cpu_global_mean_create(layer.channels(), instructionSet.code(), op));
    }

    @Override
    public Operation contextEncoder(ContextEncoder layer) {
        FlatWeights weights = new FlatWeights();
        weights.add(layer.locationTable());
        add(weights, layer.timeMapping());
        add(weights, layer.projection());
        if (layer.projection() == null) {
            throw missing(layer);
        }
        return new CpuOperation(
                layer,
                op -> EarshotCpu.earshot_cpu_context_create(
                        weights.values(),
                        weights.count(),
                        layer.locationTable().extent(0),
                        layer.locationTable().extent(1),
                        layer.timeMapping().inputs(),
                        layer.timeMapping().outputs(),
                        layer.projection().outputs(),
                        instructionSet.code(),
                        op));
    }

    @Override
    public Operation denseEncoder(DenseEncoder layer) {
        FlatWeights weights = new FlatWeights();
        add(weights, layer.first());
        layer.block().forEach(convolution -> add(weights, convolution));
        add(weights, layer.last());
        int layers = layer.block().size();
        int[] geometry = new int[6 * (layers + 1)];
        for (int i = 0; i <= layers; i++) {
            Convolution convolution = (i < layers ? layer.block().get(i) : layer.last()).convolution();
            int[] numbers = {
                convolution.kernelTime(),
                convolution.kernelFrequency(),
                convolution.paddingTime(),
                convolution.paddingFrequency(),
                convolution.dilationTime(),
                convolution.strideFrequency()
            };
            System.arraycopy(numbers, 0, geometry, 6 * i, numbers.length);
        }
        return new CpuOperation(
                layer,
                op -> EarshotCpu.earshot_cpu_dense_encoder_create(
                        weights.values(),
                        weights.count(),
                        layer.channels(),
                        layers,
                        geometry,
                        geometry.length,
                        instructionSet.code(),
                        precisionCode(),
                        op));
    }

    @Override
    public Operation mambaPath(MambaPath layer) {
        FlatWeights weights = new FlatWeights();
        int norm = EarshotCpu.EARSHOT_CPU_NORM_NONE;
        int condition = 0;
        if (layer.norm() instanceof LayerNorm plain) {
            norm = EarshotCpu.EARSHOT_CPU_NORM_LAYER;
            weights.add(plain.scale());
            weights.add(plain.shift());
        } else if (layer.norm() instanceof PreNorm.Conditional conditional) {
            norm = EarshotCpu.EARSHOT_CPU_NORM_CONDITIONAL;
            condition = conditional.conditionWidth();
            add(weights, conditional.gamma());
            add(weights, conditional.beta());
        }
        layer.forward().forEach(mamba -> add(weights, mamba));
        layer.backward().forEach(mamba -> add(weights, mamba));
        weights.add(layer.projectionWeight());
        weights.add(layer.projectionBias());
        MambaLayer first = layer.forward().get(0);
        int normCode = norm;
        int conditionWidth = condition;
        return new CpuOperation(
                layer,
                op -> EarshotCpu.earshot_cpu_mamba_path_create(
                        weights.values(),
                        weights.count(),
                        layer.axis() == MambaPath.Axis.TIME
                                ? EarshotCpu.EARSHOT_CPU_AXIS_TIME
                                : EarshotCpu.EARSHOT_CPU_AXIS_FREQUENCY,
                        normCode,
                        conditionWidth,
                        layer.forward().size(),
                        layer.channels(),
                        first.inner(),
                        first.states(),
                        first.rank(),
                        first.taps(),
                        instructionSet.code(),
                        precisionCode(),
                        op));
    }

    @Override
    public Operation bandNorm(BandNorm layer) {
        throw missing(layer);
    }

    @Override
    public Operation squeezeExcitation(SqueezeExcitation layer) {
        throw missing(layer);
    }

    @Override
    public Operation tokenPool(TokenPool layer) {
        throw missing(layer);
    }

    @Override
    public Operation transformer(Transformer layer) {
        throw missing(layer);
    }

    @Override
    public Operation concatenation(Concatenation layer) {
        throw missing(layer);
    }

    @Override
    public Operation residualSeparable(ResidualSeparable layer) {
        throw missing(layer);
    }

    @Override
    public Operation gru(Gru layer) {
        throw missing(layer);
    }

    @Override
    public Operation gatedFusion(GatedFusion layer) {
        throw missing(layer);
    }

    private static BackendException missing(Layer layer) {
        return new BackendException(NAME, "layer " + layer.kind(), "a backend that has it");
    }

    private int precisionCode() {
        return switch (precision) {
            case FLOAT32 -> EarshotCpu.EARSHOT_CPU_PRECISION_FLOAT32;
            case BF16 -> EarshotCpu.EARSHOT_CPU_PRECISION_BF16;
        };
    }

    private static void add(FlatWeights weights, Linear layer) {
        weights.add(layer.weight());
        weights.add(layer.bias());
    }

    private static void add(FlatWeights weights, NormalizedConvolution layer) {
        weights.add(layer.convolution().weight());
        weights.add(layer.convolution().bias());
        weights.add(layer.scale());
        weights.add(layer.shift());
        weights.add(layer.slope());
    }

    private static void add(FlatWeights weights, MambaLayer layer) {
        weights.add(layer.norm());
        weights.add(layer.inProjection());
        weights.add(layer.convWeight());
        weights.add(layer.convBias());
        weights.add(layer.xProjection());
        weights.add(layer.dtProjection());
        weights.add(layer.dtBias());
        weights.add(layer.aLog());
        weights.add(layer.skip());
        weights.add(layer.outProjection());
    }

    @Override
    public String toString() {
        String shown = precision == Precision.FLOAT32 ? "" : precision + ", ";
        return NAME + "[" + instructionSet + ", " + shown + threads + (threads == 1 ? " thread]" : " threads]");
    }
}
