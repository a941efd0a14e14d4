package org.earshot.network;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.earshot.layer.Shape;

/**
 * What one layer of a network makes and costs.
 *
 * @param name of its node in the network
 * @param kind what it is, as messages call it
 * @param output the shape of what it makes
 * @param parameters trained numbers
 * @param multiplyAdds in products and sums; what is done to single values, such as activations and exponentials, is not
 *     counted
 * @param time how long it took, timed one by one
 */
public record LayerProfile(String name, String kind, Shape output, long parameters, long multiplyAdds, Duration time) {
    private static final int RUNS = 3;

    /**
     * Times the layers of a network one by one.
     *
     * @param network the network
     * @param session a session of it, planned and fed, that has run before
     * @return the layers in the order they run, with the mean time of a few runs
     */
    public static List<LayerProfile> of(Network network, NetworkSession session) {
        Map<String, Duration> sums = new HashMap<>();
        for (int run = 0; run < RUNS; run++) {
            session.profile().forEach((name, time) -> sums.merge(name, time, Duration::plus));
        }
        List<LayerProfile> layers = new ArrayList<>();
        for (Network.Node node : network.nodes()) {
            List<Shape> inputs = node.inputs().stream().map(session::shape).toList();
            layers.add(new LayerProfile(
                    node.name(),
                    node.layer().kind(),
                    session.shape(node.name()),
                    node.layer().parameters(),
                    node.layer().multiplyAdds(inputs),
                    sums.get(node.name()).dividedBy(RUNS)));
        }
        return layers;
    }
}
