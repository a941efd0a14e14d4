package org.earshot;

import java.util.Map;
import org.earshot.architecture.SceneModel;
import org.earshot.error.ContextException;
import org.earshot.files.NearWords;
import org.earshot.layer.Shape;
import org.earshot.model.ContextParameters;
import org.earshot.model.ModelConfig;
import org.earshot.network.Network;

/** Turns a recording's context into what the network is fed. */
final class ContextEncoding {
    /**
     * Values to feed.
     *
     * @param values by name, each one clip's
     */
    record Encoded(Map<String, float[]> values) {
        Shape shape(String name) {
            return Shape.of(1, values.get(name).length);
        }
    }

    private static final Encoded NOTHING = new Encoded(Map.of());

    private final ContextParameters parameters;
    private final SceneModel model;
    private final ClassifierListener listener;

    ContextEncoding(ModelConfig config, SceneModel model, ClassifierListener listener) {
        this.parameters = config.context();
        this.model = model;
        this.listener = listener;
    }

    Encoded encode(RecordingContext context) {
        if (model.contextInputs().isEmpty()) {
            return NOTHING;
        }
        if (context.condition().isPresent()) {
            float[] condition = context.condition().get();
            int expected = model.conditionWidth();
            if (condition.length != expected) {
                throw new ContextException(
                        "condition",
                        condition.length + " values",
                        expected > 0
                                ? Integer.toString(expected)
                                : "a city and a time, since " + model.architecture() + " takes no condition");
            }
            return new Encoded(Map.of(Network.CONDITION, condition));
        }
        int location = parameters.locationRow(context.city().orElse(null));
        context.city()
                .filter(city -> !parameters.knows(city))
                .ifPresent(city -> listener.unknownCity(city, NearWords.of(city, parameters.locations())));
        return new Encoded(Map.of(
                Network.LOCATION,
                new float[] {location},
                Network.TIME_FEATURES,
                parameters.timeFeatures(context.time().orElse(null))));
    }
}
