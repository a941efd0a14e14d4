package org.earshot.architecture;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.earshot.error.ModelException;
import org.earshot.network.Network;
import org.earshot.weights.Weights;

/** The systems: what each is called, the tensor names by which it is known, and what composes its network. */
// Its fields are immutable though their types do not say so: methods, and a list of List.of.
@SuppressWarnings("ImmutableEnumChecker")
public enum Architecture {
    /** ASCMamba: dense encoder and dual-path Mamba blocks. */
    ASCMAMBA(
            "ascmamba",
            AscMamba::compose,
            AscMambaModules::of,
            "dense_encoder.dense_conv_1.",
            "blocks.0.time_mamba.",
            "classifier."),
    /** SE-Trans, the challenge baseline, and its improved form. */
    SE_TRANS("se-trans", SeTrans::compose, SeTransModules::of, "SE_block1.", "SE_block2.", "encoder.layers.0.", "fc."),
    /** MobileASCNet: depthwise separable blocks and a GRU. */
    MOBILE_ASC_NET(
            "mobile-asc-net",
            MobileAscNet::compose,
            MobileAscNetModules::of,
            "blocks.0.depthwise.",
            "blocks.0.pointwise.",
            "gru.",
            "fc.");

    private final String label;
    private final Function<Modules, SceneModel> factory;
    private final Function<Network, List<NodeModules>> modules;
    private final List<String> marks;

    /**
     * A system.
     *
     * @param label its name in {@code config.json}
     * @param factory takes all of the weights and options, or throws
     * @param modules finds PyTorch's modules among the values of its networks
     * @param marks starts of names that only this system has all of
     */
    Architecture(
            String label,
            Function<Modules, SceneModel> factory,
            Function<Network, List<NodeModules>> modules,
            String... marks) {
        this.label = label;
        this.factory = factory;
        this.modules = modules;
        this.marks = List.of(marks);
    }

    /**
     * Its name in {@code config.json}.
     *
     * @return lower case with hyphens
     */
    public String label() {
        return label;
    }

    /**
     * Recognises a system from the names in its weights. Whether the tensors fit is seen only when it is built.
     *
     * @param tensorNames all names of a weight file
     * @return the system whose characteristic modules are all there, if one is
     */
    public static Optional<Architecture> recognise(Set<String> tensorNames) {
        for (Architecture architecture : values()) {
            if (architecture.marks.stream()
                    .allMatch(mark -> tensorNames.stream().anyMatch(name -> name.startsWith(mark)))) {
                return Optional.of(architecture);
            }
        }
        return Optional.empty();
    }

    /**
     * Composes the network.
     *
     * @param config what is said of it
     * @param weights its weights, from which all widths and counts are read
     * @return the model
     * @throws ModelException if the configuration contradicts the weights
     * @throws org.earshot.error.WeightsException listing all tensors that are missing, unexpected or of another shape
     */
    public SceneModel compose(NetworkConfig config, Weights weights) {
        Optional<Architecture> shown = recognise(weights.tensors().keySet());
        if (shown.isPresent() && shown.get() != this) {
            throw new ModelException(
                    config.source() + ": architecture",
                    label,
                    shown.get().label + ", which the tensors of " + weights.source() + " are");
        }
        return factory.apply(new Modules(this, shown.isPresent(), config, weights));
    }

    /** The table of PyTorch's modules among the values of a network. */
    List<NodeModules> modules(Network network) {
        return modules.apply(network);
    }

    @Override
    public String toString() {
        return label;
    }
}
