package org.earshot.architecture;

import static org.earshot.weights.WeightBinder.at;

import java.util.List;
import java.util.Optional;
import org.earshot.error.ModelException;
import org.earshot.layer.Activation;
import org.earshot.layer.ContextEncoder;
import org.earshot.layer.LayerNorm;
import org.earshot.layer.Linear;
import org.earshot.layer.Parameter;
import org.earshot.network.Network;
import org.earshot.weights.WeightBinder;
import org.earshot.weights.WeightTensor;
import org.earshot.weights.Weights;

/**
 * What all systems have in common in being composed: PyTorch's modules by their names, the context encoder, the heads,
 * and the checks that configuration and weights say the same.
 */
final class Modules {
    private static final String LOCATION = "location_embedding.";
    private static final String TIME = "time_mapping.";

    private final Architecture architecture;
    private final boolean recognised;
    private final NetworkConfig config;
    private final Weights weights;
    private final WeightBinder binder;

    /**
     * Begins a composition.
     *
     * @param architecture which system
     * @param recognised whether the weights have its names
     * @param config what is said of the network
     * @param weights its weights
     */
    Modules(Architecture architecture, boolean recognised, NetworkConfig config, Weights weights) {
        this.architecture = architecture;
        this.recognised = recognised;
        this.config = config;
        this.weights = weights;
        binder = new WeightBinder(weights);
    }

    /** What the configuration says of the network. */
    NetworkConfig config() {
        return config;
    }

    /** The tensors themselves. */
    WeightBinder binder() {
        return binder;
    }

    /** Whether the weights have the system's names. */
    boolean recognised() {
        return recognised;
    }

    /**
     * Whether the network has a part: the weights show it by a prefix. Weights with foreign names show nothing; then
     * the configuration is believed, and the binder lists the names.
     */
    boolean shows(String prefix, boolean believed) {
        return recognised ? binder.hasPrefix(prefix) : believed;
    }

    /**
     * Whether the network has a context, after a check that configuration and weights agree on that.
     *
     * @param prefix of the context's tensors; one of them is enough, so that another that is missing will be listed
     */
    boolean conditioned(String prefix) {
        boolean believed = config.cities().isPresent();
        // Under a foreign prefix they are found too, which the binder then tells.
        boolean conditioned = shows(prefix + LOCATION, believed)
                || shows(prefix + TIME, believed)
                || (believed && weights.tensors().keySet().stream().anyMatch(name -> name.contains(LOCATION)));
        if (conditioned && !believed) {
            throw new ModelException(
                    config.source() + ": context",
                    "null",
                    "an object, since the weights have " + prefix + LOCATION + "*");
        }
        if (!conditioned && believed) {
            throw new ModelException(
                    config.source() + ": context",
                    "an object",
                    "null, since the weights have no " + prefix + LOCATION + "*");
        }
        return conditioned;
    }

    /** A linear layer: {@code name.weight} and {@code name.bias}. */
    Linear linear(String name, int inputs, int outputs, Activation activation) {
        return new Linear(
                binder.take(name + ".weight", outputs, inputs), binder.take(name + ".bias", outputs), activation);
    }

    /** A layer norm: {@code name.weight} and {@code name.bias}. */
    LayerNorm layerNorm(String name, int channels) {
        return new LayerNorm(binder.take(name + ".weight", channels), binder.take(name + ".bias", channels));
    }

    /**
     * A linear layer whose outputs have labels.
     *
     * @param name of the module
     * @param inputs its width
     * @param labels one for each output
     * @param field where the labels come from
     * @throws ModelException if there are more or fewer labels than outputs
     */
    Linear head(String name, int inputs, List<String> labels, String field) {
        WeightTensor weight = weights.tensors().get(name + ".weight");
        if (weight != null && weight.shape().rank() == 2) {
            int classes = weight.shape().extent(0);
            if (classes != labels.size()) {
                throw new ModelException(
                        config.source() + ": " + field,
                        labels.size() + " labels",
                        classes + ", as many as " + name + ".weight has rows");
            }
        }
        return linear(name, inputs, labels.size(), Activation.NONE);
    }

    /** The width of the condition that a context encoder with a projection makes. */
    int conditionWidth(String prefix) {
        return binder.extent(at(prefix + "projection.weight", 0, 2), at(prefix + "projection.bias", 0, 1));
    }

    /**
     * The context encoder: {@code location_embedding}, {@code time_mapping} and, if asked for, {@code projection}.
     *
     * @param prefix in front of these names
     * @param projected whether a projection follows
     * @param joint where the width of location and time together shows, with other columns before them
     * @param others how many columns those are
     * @throws ModelException if the configuration lists more or fewer cities than the embedding has rows
     */
    ContextEncoder contextEncoder(String prefix, boolean projected, WeightBinder.Place joint, int others) {
        String embeddingName = prefix + LOCATION + "weight";
        int listed = config.cities().orElseThrow();
        int timeWidth = binder.extent(at(prefix + TIME + "bias", 0, 1), at(prefix + TIME + "weight", 0, 2));
        int cities = listed;
        int width;
        if (binder.shape(embeddingName).filter(shape -> shape.rank() == 2).isPresent()) {
            cities = binder.extent(at(embeddingName, 0, 2));
            width = binder.extent(at(embeddingName, 1, 2));
        } else {
            // It is missing or unfit: what reads it says how wide it should be.
            width = Math.max(1, binder.extent(joint) - others - timeWidth);
        }
        Parameter embedding = binder.take(embeddingName, cities, width);
        if (cities != listed && binder.fits()) {
            throw new ModelException(
                    config.source() + ": context.locations",
                    listed + " cities",
                    cities + ", as many as " + embeddingName + " has rows");
        }
        Linear time = linear(prefix + "time_mapping", ContextEncoder.TIME_FEATURES, timeWidth, Activation.RELU);
        Linear projection = null;
        if (projected) {
            projection = linear(prefix + "projection", width + timeWidth, conditionWidth(prefix), Activation.NONE);
        }
        return new ContextEncoder(ContextEncoder.withMeanRow(embedding), time, projection);
    }

    /** A batch norm, whose counter of batches is of no use here. */
    BatchNorm batchNorm(String name, int channels) {
        binder.ignore(name + ".num_batches_tracked");
        return new BatchNorm(
                binder.take(name + ".weight", channels),
                binder.take(name + ".bias", channels),
                binder.take(name + ".running_mean", channels),
                binder.take(name + ".running_var", channels));
    }

    /**
     * Checks that the front end makes as many bands as the network takes, if the weights say that reliably.
     *
     * @param fits whether it does
     * @param expected which numbers of bands would fit, and why
     */
    void checkBands(boolean fits, String expected) {
        if (!fits && binder.fits()) {
            throw new ModelException(config.source() + ": features.n_mels", Integer.toString(config.bands()), expected);
        }
    }

    /**
     * Ends the composition.
     *
     * @param network the network
     * @param conditioned whether it reads a recording's context
     * @param conditionWidth size of the condition that it may be fed instead, or 0
     * @param minimumFrames fewest frames that it takes
     * @param coarse what its second head is for, if it has one
     * @return the model
     * @throws org.earshot.error.WeightsException listing all tensors that are missing, unexpected or of another shape
     */
    SceneModel finish(
            Network network,
            boolean conditioned,
            int conditionWidth,
            int minimumFrames,
            Optional<CoarseScenes> coarse) {
        binder.finish(architecture.label());
        List<String> contextInputs = conditioned ? List.of(Network.LOCATION, Network.TIME_FEATURES) : List.of();
        return new SceneModel(architecture, network, contextInputs, conditionWidth, minimumFrames, coarse);
    }
}
