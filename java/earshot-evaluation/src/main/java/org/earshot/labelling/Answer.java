package org.earshot.labelling;

import java.util.Optional;

/**
 * What the models said of one clip.
 *
 * @param name the clip's file name
 * @param first the first model's answer
 * @param confidence its probability
 * @param second the second model's answer, if there is a second model
 */
public record Answer(String name, String first, float confidence, Optional<String> second) {}
