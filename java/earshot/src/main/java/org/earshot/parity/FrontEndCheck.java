package org.earshot.parity;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.earshot.architecture.ModuleOutput.Follow;
import org.earshot.backend.Backend;
import org.earshot.layer.Shape;
import org.earshot.network.Network;
import org.earshot.weights.WeightTensor;

/** Features, from samples on, beside the reference's: in dB. */
final class FrontEndCheck {
    private final Golden golden;

    FrontEndCheck(Golden golden) {
        this.golden = golden;
    }

    /** The reference's features, if the file has them. */
    Grid expected(Shape computed) {
        WeightTensor tensor = golden.tensor(Golden.FEATURES_OUTPUT);
        int[] extents = {computed.extent(0), computed.extent(1), computed.extent(2), 1};
        return Layouts.read(
                        golden.subject(Golden.FEATURES_OUTPUT),
                        tensor.shape(),
                        tensor.floats(),
                        List.of("BTF", "BFT"),
                        Follow.NOTHING,
                        extents)
                .grid();
    }

    /** Compares what the file holds of them. */
    List<Comparison> run(NetworkValues values, Backend backend, Map<String, Feed> feeds, Shape shape) {
        List<Comparison> comparisons = new ArrayList<>();
        if (golden.expected().contains(Golden.FEATURES_OUTPUT)) {
            Grid computed =
                    values.compute(backend, feeds, List.of(Network.FEATURES)).get(Network.FEATURES);
            Grid expected = expected(shape);
            comparisons.add(new Comparison(
                    Golden.FEATURES_OUTPUT,
                    Network.FEATURES,
                    List.of(Network.FEATURES),
                    Difference.of(expected, computed),
                    Parity.FEATURE_LIMIT_DECIBEL,
                    0,
                    "",
                    expected,
                    computed));
        }
        return comparisons;
    }
}
