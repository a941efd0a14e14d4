package org.earshot.backend;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.earshot.features.FeatureParameters;
import org.earshot.features.MelFilterBank;
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
import org.earshot.layer.LayerVisitor;
import org.earshot.layer.Linear;
import org.earshot.layer.MambaLayer;
import org.earshot.layer.MambaPath;
import org.earshot.layer.NormalizedConvolution;
import org.earshot.layer.Parameter;
import org.earshot.layer.PreNorm;
import org.earshot.layer.ResidualSeparable;
import org.earshot.layer.SqueezeExcitation;
import org.earshot.layer.TokenPool;
import org.earshot.layer.Transformer;

/**
 * A layer as every native library takes it: its kind, its numbers, and its weights one after the other. What they mean
 * and in which order they come is written down in {@code native/include/earshot_layers.h}, whose constants are repeated
 * here.
 */
public final class PackedLayer {
    /** A Mamba path without a norm in front. */
    static final int NORM_NONE = 0;

    /** A Mamba path behind a layer norm. */
    static final int NORM_LAYER = 1;

    /** A Mamba path behind a conditional layer norm. */
    static final int NORM_CONDITIONAL = 2;

    /** A Mamba path along time. */
    static final int AXIS_TIME = 0;

    /** A Mamba path along frequency. */
    static final int AXIS_FREQUENCY = 1;

    /** The mean as a global pool. */
    static final int POOL_MEAN = 0;

    /** The maximum as a global pool. */
    static final int POOL_MAX = 1;

    /** Zeros beyond a clip's ends. */
    static final int PAD_CONSTANT = 0;

    /** The clip mirrored at its ends. */
    static final int PAD_REFLECT = 1;

    /** The kinds of layers. */
    public enum Kind {
        /** {@link Linear}. */
        LINEAR(1),
        /** {@link GlobalPool}. */
        GLOBAL_POOL(2),
        /** {@link ContextEncoder}. */
        CONTEXT(3),
        /** {@link DenseEncoder}. */
        DENSE_ENCODER(4),
        /** {@link MambaPath}. */
        MAMBA_PATH(5),
        /** {@link BandNorm}. */
        BAND_NORM(6),
        /** {@link SqueezeExcitation}. */
        SQUEEZE_EXCITATION(7),
        /** {@link TokenPool}. */
        TOKEN_POOL(8),
        /** {@link Transformer}. */
        TRANSFORMER(9),
        /** {@link Concatenation}. */
        CONCATENATION(10),
        /** {@link ResidualSeparable}. */
        RESIDUAL_SEPARABLE(11),
        /** {@link Gru}. */
        GRU(12),
        /** {@link GatedFusion}. */
        GATED_FUSION(13),
        /** {@link org.earshot.layer.LogMelSpectrogram}. */
        LOG_MEL(14);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        /**
         * The number that native libraries know it by.
         *
         * @return the value of {@code EARSHOT_LAYER_*}
         */
        public int code() {
            return code;
        }
    }

    private final Kind kind;
    private final int[] numbers;
    private final float[] weights;

    private PackedLayer(Kind kind, int[] numbers, float[] weights) {
        this.kind = kind;
        this.numbers = numbers;
        this.weights = weights;
    }

    /**
     * Packs a layer.
     *
     * @param layer what to pack
     * @return its numbers and a copy of its weights
     * @throws ArithmeticException if it has more weights than an array can hold
     */
    public static PackedLayer of(Layer layer) {
        return layer.accept(new Packer());
    }

    /**
     * Packs the front end.
     *
     * @param parameters of the features
     * @return its numbers and the weights of its filters
     */
    public static PackedLayer of(FeatureParameters parameters) {
        MelFilterBank filters = new MelFilterBank(parameters);
        int bands = filters.bands();
        int[] numbers = new int[6 + 2 * bands];
        numbers[0] = parameters.fftSize();
        numbers[1] = parameters.windowLength();
        numbers[2] = parameters.hopLength();
        numbers[3] = bands;
        numbers[4] = parameters.frames();
        numbers[5] = parameters.padMode() == FeatureParameters.PadMode.REFLECT ? PAD_REFLECT : PAD_CONSTANT;
        float[] weights = {};
        for (int band = 0; band < bands; band++) {
            float[] filter = filters.weights(band);
            numbers[6 + 2 * band] = filters.firstBin(band);
            numbers[7 + 2 * band] = filter.length;
            int end = weights.length;
            weights = Arrays.copyOf(weights, end + filter.length);
            System.arraycopy(filter, 0, weights, end, filter.length);
        }
        weights = Arrays.copyOf(weights, weights.length + 1);
        weights[weights.length - 1] = (float) parameters.topDecibel();
        return new PackedLayer(Kind.LOG_MEL, numbers, weights);
    }

    /**
     * What it is.
     *
     * @return the kind
     */
    public Kind kind() {
        return kind;
    }

    /**
     * Its sizes and choices.
     *
     * @return the array itself; not to be changed
     */
    public int[] numbers() {
        return numbers;
    }

    /**
     * Its parameters, one after the other.
     *
     * @return the array itself; not to be changed
     */
    public float[] weights() {
        return weights;
    }

    @Override
    public String toString() {
        return kind + Arrays.toString(numbers) + ", " + weights.length + " weights";
    }

    /** Gathers the parameters of one layer. */
    private static final class Packer implements LayerVisitor<PackedLayer> {
        private final List<Parameter> parameters = new ArrayList<>();

        private PackedLayer packed(Kind kind, int... numbers) {
            long count = 0;
            for (Parameter parameter : parameters) {
                count += parameter.shape().elements();
            }
            float[] weights = new float[Math.toIntExact(count)];
            int position = 0;
            for (Parameter parameter : parameters) {
                float[] part = parameter.values();
                System.arraycopy(part, 0, weights, position, part.length);
                position += part.length;
            }
            return new PackedLayer(kind, numbers, weights);
        }

        @Override
        public PackedLayer linear(Linear layer) {
            add(layer);
            return packed(Kind.LINEAR, layer.inputs(), layer.outputs(), layer.activation() == Activation.RELU ? 1 : 0);
        }

        @Override
        public PackedLayer globalPool(GlobalPool layer) {
            return packed(
                    Kind.GLOBAL_POOL,
                    layer.channels(),
                    layer.operation() == GlobalPool.Kind.MEAN ? POOL_MEAN : POOL_MAX);
        }

        @Override
        public PackedLayer contextEncoder(ContextEncoder layer) {
            add(layer.locationTable());
            add(layer.timeMapping());
            if (layer.projection() != null) {
                add(layer.projection());
            }
            return packed(
                    Kind.CONTEXT,
                    layer.locationTable().extent(0),
                    layer.locationTable().extent(1),
                    layer.timeMapping().inputs(),
                    layer.timeMapping().outputs(),
                    layer.projection() == null ? 0 : layer.projection().outputs());
        }

        @Override
        public PackedLayer denseEncoder(DenseEncoder layer) {
            List<NormalizedConvolution> convolutions = new ArrayList<>(layer.block());
            convolutions.add(layer.last());
            int perConvolution = 6;
            int[] numbers = new int[2 + perConvolution * convolutions.size()];
            numbers[0] = layer.channels();
            numbers[1] = layer.block().size();
            add(layer.first());
            for (int i = 0; i < convolutions.size(); i++) {
                add(convolutions.get(i));
                Convolution convolution = convolutions.get(i).convolution();
                int[] geometry = {
                    convolution.kernelTime(),
                    convolution.kernelFrequency(),
                    convolution.paddingTime(),
                    convolution.paddingFrequency(),
                    convolution.dilationTime(),
                    convolution.strideFrequency()
                };
                System.arraycopy(geometry, 0, numbers, 2 + perConvolution * i, perConvolution);
            }
            return packed(Kind.DENSE_ENCODER, numbers);
        }

        @Override
        public PackedLayer mambaPath(MambaPath layer) {
            int norm = NORM_NONE;
            int condition = 0;
            if (layer.norm() instanceof LayerNorm plain) {
                norm = NORM_LAYER;
                add(plain);
            } else if (layer.norm() instanceof PreNorm.Conditional conditional) {
                norm = NORM_CONDITIONAL;
                condition = conditional.conditionWidth();
                add(conditional.gamma());
                add(conditional.beta());
            }
            layer.forward().forEach(this::add);
            layer.backward().forEach(this::add);
            add(layer.projectionWeight(), layer.projectionBias());
            MambaLayer first = layer.forward().get(0);
            return packed(
                    Kind.MAMBA_PATH,
                    layer.axis() == MambaPath.Axis.TIME ? AXIS_TIME : AXIS_FREQUENCY,
                    norm,
                    condition,
                    layer.forward().size(),
                    layer.channels(),
                    first.inner(),
                    first.states(),
                    first.rank(),
                    first.taps());
        }

        @Override
        public PackedLayer bandNorm(BandNorm layer) {
            add(layer.scale(), layer.shift());
            return packed(Kind.BAND_NORM, layer.bands());
        }

        @Override
        public PackedLayer squeezeExcitation(SqueezeExcitation layer) {
            add(layer.convolution().weight(), layer.convolution().bias(), layer.fc0(), layer.fc2());
            int[] numbers = {
                layer.inputs(),
                layer.outputs(),
                layer.hidden(),
                layer.pooled() ? 1 : 0,
                layer.scales().size()
            };
            IntStream scales = layer.scales().stream().mapToInt(scale -> scale);
            return packed(
                    Kind.SQUEEZE_EXCITATION,
                    IntStream.concat(Arrays.stream(numbers), scales).toArray());
        }

        @Override
        public PackedLayer tokenPool(TokenPool layer) {
            return packed(Kind.TOKEN_POOL, layer.channels(), layer.tokens());
        }

        @Override
        public PackedLayer transformer(Transformer layer) {
            add(layer.inProjection());
            add(layer.outProjection());
            add(layer.linear1());
            add(layer.linear2());
            add(layer.norm1());
            add(layer.norm2());
            return packed(Kind.TRANSFORMER, layer.width(), layer.heads(), layer.hidden());
        }

        @Override
        public PackedLayer concatenation(Concatenation layer) {
            return packed(Kind.CONCATENATION, layer.first(), layer.second());
        }

        @Override
        public PackedLayer residualSeparable(ResidualSeparable layer) {
            add(layer.convolution().weight(), layer.convolution().bias(), layer.depthwise());
            add(layer.pointwise());
            if (layer.shortcut() != null) {
                add(layer.shortcut());
            }
            return packed(Kind.RESIDUAL_SEPARABLE, layer.inputs(), layer.outputs(), layer.shortcut() == null ? 0 : 1);
        }

        @Override
        public PackedLayer gru(Gru layer) {
            add(layer.inputWeight(), layer.hiddenWeight(), layer.inputBias(), layer.hiddenBias());
            return packed(Kind.GRU, layer.inputs(), layer.hidden());
        }

        @Override
        public PackedLayer gatedFusion(GatedFusion layer) {
            add(layer.carryGate());
            add(layer.transformGate());
            add(layer.transform());
            return packed(Kind.GATED_FUSION, layer.width());
        }

        private void add(Parameter... more) {
            parameters.addAll(Arrays.asList(more));
        }

        private void add(Linear layer) {
            add(layer.weight(), layer.bias());
        }

        private void add(LayerNorm layer) {
            add(layer.scale(), layer.shift());
        }

        private void add(NormalizedConvolution layer) {
            add(layer.convolution().weight(), layer.convolution().bias(), layer.scale(), layer.shift(), layer.slope());
        }

        private void add(MambaLayer layer) {
            add(
                    layer.norm(),
                    layer.inProjection(),
                    layer.convWeight(),
                    layer.convBias(),
                    layer.xProjection(),
                    layer.dtProjection(),
                    layer.dtBias(),
                    layer.aLog(),
                    layer.skip(),
                    layer.outProjection());
        }
    }
}
