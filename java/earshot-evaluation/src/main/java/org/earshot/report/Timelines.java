package org.earshot.report;

import java.util.Optional;

/** The recordings of a set that are longer than a model's clip, of which an evaluation judges the first clip. */
@FunctionalInterface
public interface Timelines {
    /** None. */
    Timelines NONE = (model, clip) -> Optional.empty();

    /**
     * What a model hears in a whole recording.
     *
     * @param model position among the evaluation's models
     * @param clip position in the set, as in {@link org.earshot.evaluation.Mistake#clip()}
     * @return empty if the recording is no longer than a clip
     */
    Optional<SceneTimeline> of(int model, int clip);
}
