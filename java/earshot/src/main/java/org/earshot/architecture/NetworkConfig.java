package org.earshot.architecture;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.earshot.config.ConfigObject;

/**
 * What a configuration says of a network, which the weights must confirm.
 *
 * @param source the configuration's file, for messages
 * @param labels the classes, in the order of the logits
 * @param bands mel bands of the features
 * @param cities how many there are to choose from, or nothing for a network without context
 * @param options the architecture's own
 */
public record NetworkConfig(Path source, List<String> labels, int bands, OptionalInt cities, ConfigObject options) {
    /** Copies the list. */
    public NetworkConfig {
        labels = List.copyOf(labels);
    }
}
