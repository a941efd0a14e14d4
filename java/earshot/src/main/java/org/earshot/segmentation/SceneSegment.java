package org.earshot.segmentation;

import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A part of a recording in one scene. Jackson writes it with its times in seconds.
 *
 * @param start time from the recording's start
 * @param end likewise, later than the start
 * @param label the scene's name
 * @param probability mean over the segment's windows of the probability that each gave this scene, before smoothing, in
 *     [0, 1]
 */
public record SceneSegment(Duration start, Duration end, String label, float probability) {
    private static final double NANOSECONDS = 1e9;

    /**
     * When it starts.
     *
     * @return seconds from the recording's start
     */
    public double startSeconds() {
        return start.toNanos() / NANOSECONDS;
    }

    /**
     * When it ends.
     *
     * @return seconds from the recording's start
     */
    public double endSeconds() {
        return end.toNanos() / NANOSECONDS;
    }

    /** What Jackson writes. */
    @JsonValue
    Map<String, Object> json() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("start", startSeconds());
        fields.put("end", endSeconds());
        fields.put("label", label);
        fields.put("probability", probability);
        return fields;
    }
}
