package org.earshot.model;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The systems, and the tensor names by which each is known. */
public enum Architecture {
    /** ASCMamba: dense encoder and dual-path Mamba blocks. */
    ASCMAMBA("ascmamba"),
    /** SE-Trans, the challenge baseline, and its improved form. */
    SE_TRANS("se-trans"),
    /** MobileASCNet: depthwise separable blocks and a GRU. */
    MOBILE_ASC_NET("mobile-asc-net");

    private final String label;

    Architecture(String label) {
        this.label = label;
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
            if (architecture.modules().stream()
                    .allMatch(module -> tensorNames.stream().anyMatch(name -> name.startsWith(module)))) {
                return Optional.of(architecture);
            }
        }
        return Optional.empty();
    }

    /** Starts of names that only this system has all of. */
    private List<String> modules() {
        return switch (this) {
            case ASCMAMBA -> List.of("dense_encoder.dense_conv_1.", "blocks.0.time_mamba.", "classifier.");
            case SE_TRANS -> List.of("SE_block1.", "SE_block2.", "encoder.layers.0.", "fc.");
            case MOBILE_ASC_NET -> List.of("blocks.0.depthwise.", "blocks.0.pointwise.", "gru.", "fc.");
        };
    }

    @Override
    public String toString() {
        return label;
    }
}
