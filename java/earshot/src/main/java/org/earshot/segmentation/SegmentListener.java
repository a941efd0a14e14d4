package org.earshot.segmentation;

/** Is told of segments as they are found. */
@FunctionalInterface
public interface SegmentListener {
    /**
     * A segment is over.
     *
     * @param segment from its start to its end
     */
    void ended(SceneSegment segment);

    /**
     * A segment has begun: its scene has lasted for the shortest dwell. Nobody knows yet when it will end.
     *
     * @param soFar from its start, which lies in the past, to the end of the window by which it was found
     */
    default void began(SceneSegment soFar) {}
}
