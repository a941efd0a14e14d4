package org.earshot.labelling;

import java.nio.file.Path;
import org.earshot.SceneClassifier;

/**
 * A model that labels.
 *
 * @param directory where it was loaded from
 * @param classifier the model, loaded
 */
public record LabellingModel(Path directory, SceneClassifier classifier) {}
