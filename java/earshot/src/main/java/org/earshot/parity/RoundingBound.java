package org.earshot.parity;

import java.util.List;
import org.earshot.backend.Precision;
import org.earshot.layer.BandNorm;
import org.earshot.layer.Concatenation;
import org.earshot.layer.ContextEncoder;
import org.earshot.layer.Convolution;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.GatedFusion;
import org.earshot.layer.GlobalPool;
import org.earshot.layer.Gru;
import org.earshot.layer.Layer;
import org.earshot.layer.LayerVisitor;
import org.earshot.layer.Linear;
import org.earshot.layer.MambaLayer;
import org.earshot.layer.MambaPath;
import org.earshot.layer.NormalizedConvolution;
import org.earshot.layer.ResidualSeparable;
import org.earshot.layer.Shape;
import org.earshot.layer.SqueezeExcitation;
import org.earshot.layer.TokenPool;
import org.earshot.layer.Transformer;

/**
 * What rounding alone may make of a layer's values, as a share of their root mean square.
 *
 * <p>A sum of K products in float32 is off by at most {@code lambda sqrt(K) u} of its terms' size, with u = 2^-24, but
 * for a probability of {@code 2 exp(-lambda^2 / 2)} (Higham and Mary, "A new approach to probabilistic rounding error
 * analysis", 2019); lambda = 8 makes that 3e-14, less than one in all values of a golden. Sums that follow one another
 * are off independently, so that their K add up; means, which both sides take in halves or in double precision, count
 * by their logarithm. PyTorch's sums are rounded as well, in another order: twice that. Where the factors of the large
 * products are rounded to p significant bits, by up to 2^-p each, a sum of K of them is off by {@code sqrt(2) lambda
 * 2^-p} of itself, whatever K; again, products that follow one another are off independently.
 *
 * @param terms K, of all sums that follow one another
 * @param products how many of these are large products
 */
record RoundingBound(double terms, int products) {
    private static final double LAMBDA = 8;
    private static final double UNIT = 0x1p-24;

    /** Nothing is rounded. */
    static final RoundingBound NONE = new RoundingBound(0, 0);

    /** The bound of a layer. */
    static RoundingBound of(Layer layer, List<Shape> inputs) {
        return layer.accept(new Depths(inputs));
    }

    /** What follows is off as well. */
    RoundingBound and(RoundingBound next) {
        return new RoundingBound(terms + next.terms, products + next.products);
    }

    /** The bound, as a share of the values' root mean square. */
    double share(Precision precision) {
        double rounded =
                switch (precision) {
                    case FLOAT32 -> 0;
                    case BF16 -> 0x1p-9;
                    case TF32 -> 0x1p-11;
                };
        return 2 * LAMBDA * UNIT * Math.sqrt(terms) + LAMBDA * rounded * Math.sqrt(2.0 * products);
    }

    private static RoundingBound sum(double terms) {
        return new RoundingBound(terms, 0);
    }

    private static RoundingBound product(double terms) {
        return new RoundingBound(terms, 1);
    }

    private static RoundingBound mean(double terms) {
        return sum(1 + Math.log(Math.max(1, terms)) / Math.log(2));
    }

    private static RoundingBound all(RoundingBound... parts) {
        RoundingBound all = NONE;
        for (RoundingBound part : parts) {
            all = all.and(part);
        }
        return all;
    }

    private static RoundingBound convolution(Convolution layer) {
        return product((double) layer.inputs() * layer.kernelTime() * layer.kernelFrequency());
    }

    /** The sums of each kind of layer, one behind the other. */
    private record Depths(List<Shape> inputs) implements LayerVisitor<RoundingBound> {
        private double plane() {
            return (double) inputs.get(0).extent(1) * inputs.get(0).extent(2);
        }

        /** Of a plane's mean and variance, and what they are applied to. */
        private RoundingBound normalized(NormalizedConvolution layer) {
            return all(convolution(layer.convolution()), mean(plane()), mean(plane()));
        }

        @Override
        public RoundingBound contextEncoder(ContextEncoder layer) {
            RoundingBound time = product(layer.timeMapping().inputs());
            return layer.projection() == null ? time : time.and(product(layer.joined()));
        }

        @Override
        public RoundingBound denseEncoder(DenseEncoder layer) {
            RoundingBound bound = normalized(layer.first()).and(normalized(layer.last()));
            for (NormalizedConvolution one : layer.block()) {
                bound = bound.and(normalized(one));
            }
            return bound;
        }

        @Override
        public RoundingBound mambaPath(MambaPath layer) {
            RoundingBound bound = all(mean(layer.channels()), mean(layer.channels()), product(2.0 * layer.channels()));
            for (MambaLayer one : layer.forward()) {
                // Of the scan's states, those that are not forgotten: about as many as there are.
                bound = all(
                        bound,
                        mean(one.channels()),
                        product(one.channels()),
                        sum(one.taps()),
                        product(one.inner()),
                        product(one.rank()),
                        sum(2.0 * one.states()),
                        product(one.inner()));
            }
            return bound;
        }

        @Override
        public RoundingBound globalPool(GlobalPool layer) {
            return layer.operation() == GlobalPool.Kind.MAX ? NONE : mean(plane());
        }

        @Override
        public RoundingBound linear(Linear layer) {
            return product(layer.inputs());
        }

        @Override
        public RoundingBound bandNorm(BandNorm layer) {
            return sum(2);
        }

        @Override
        public RoundingBound squeezeExcitation(SqueezeExcitation layer) {
            int squeezed = SqueezeExcitation.squeezed(layer.outputs(), layer.scales());
            return all(convolution(layer.convolution()), mean(plane()), sum(squeezed), sum(layer.hidden()));
        }

        @Override
        public RoundingBound tokenPool(TokenPool layer) {
            return mean(plane() / layer.tokens());
        }

        @Override
        public RoundingBound transformer(Transformer layer) {
            return all(
                    product(layer.width()),
                    sum((double) layer.width() / layer.heads()),
                    sum(inputs.get(0).extent(1)),
                    product(layer.width()),
                    product(layer.width()),
                    product(layer.hidden()),
                    mean(layer.width()),
                    mean(layer.width()));
        }

        @Override
        public RoundingBound concatenation(Concatenation layer) {
            return NONE;
        }

        @Override
        public RoundingBound residualSeparable(ResidualSeparable layer) {
            return all(
                    convolution(layer.convolution()),
                    sum(layer.depthwise().shape().elements() / (double) layer.outputs()),
                    product(layer.outputs()),
                    product(layer.inputs()));
        }

        @Override
        public RoundingBound gru(Gru layer) {
            // What a step is off, the next ones forget: the update gate mixes, and does not add.
            return product(layer.inputs()).and(product(layer.hidden()));
        }

        @Override
        public RoundingBound gatedFusion(GatedFusion layer) {
            return product(layer.width()).and(product(layer.width()));
        }
    }
}
