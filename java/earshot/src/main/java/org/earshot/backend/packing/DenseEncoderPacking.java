package org.earshot.backend.packing;

import java.util.ArrayList;
import java.util.List;
import org.earshot.layer.Convolution;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.NormalizedConvolution;

/** Packs a dense encoder: convolution after convolution, and the geometry of each but the first. */
final class DenseEncoderPacking {
    /** Numbers in front of the convolutions' geometry. */
    private static final int HEAD = 2;

    /** Numbers of a convolution's geometry. */
    private static final int GEOMETRY = 6;

    private DenseEncoderPacking() {}

    static PackedLayer pack(DenseEncoder layer) {
        List<NormalizedConvolution> convolutions = new ArrayList<>(layer.block());
        convolutions.add(layer.last());
        int[] numbers = new int[HEAD + GEOMETRY * convolutions.size()];
        numbers[0] = layer.channels();
        numbers[1] = layer.block().size();
        WeightList weights = new WeightList();
        add(weights, layer.first());
        for (int i = 0; i < convolutions.size(); i++) {
            add(weights, convolutions.get(i));
            int[] geometry = geometry(convolutions.get(i).convolution());
            System.arraycopy(geometry, 0, numbers, HEAD + GEOMETRY * i, GEOMETRY);
        }
        return new PackedLayer(LayerKind.DENSE_ENCODER, weights.values(), numbers);
    }

    private static int[] geometry(Convolution convolution) {
        return new int[] {
            convolution.kernelTime(),
            convolution.kernelFrequency(),
            convolution.paddingTime(),
            convolution.paddingFrequency(),
            convolution.dilationTime(),
            convolution.strideFrequency()
        };
    }

    private static void add(WeightList weights, NormalizedConvolution layer) {
        weights.add(
                layer.convolution().weight(), layer.convolution().bias(), layer.scale(), layer.shift(), layer.slope());
    }
}
