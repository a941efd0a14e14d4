package org.earshot.weights;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The tensors of one weight file: names, types, shapes, and values read when asked for. */
public interface Weights {
    /**
     * The file they come from, for messages.
     *
     * @return its path
     */
    Path source();

    /**
     * All tensors, in the file's order.
     *
     * @return name to tensor
     */
    Map<String, WeightTensor> tensors();

    /**
     * What the file held besides (optimizer state and the like), for the user to know.
     *
     * @return one line each, possibly none
     */
    List<String> leftOut();

    /**
     * What was done to the names, or which part of the file was taken, that the user may not expect.
     *
     * @return one line each, possibly none
     */
    default List<String> notes() {
        return List.of();
    }
}
