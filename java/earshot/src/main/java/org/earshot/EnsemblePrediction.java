package org.earshot;

import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.earshot.ScenePrediction.ScoredScene;
import org.earshot.segmentation.SceneSegment;
import org.earshot.segmentation.SegmentationOptions;

/**
 * The answer of a {@link SceneEnsemble} for one recording: the fused one, and what each model said by itself. A plain
 * value that needs no closing.
 *
 * <p>Where all models agree, on the recording or in a window, their label is a candidate for a pseudo-label:
 *
 * <pre>{@code
 * EnsemblePrediction answer = ensemble.classify(recording, context);
 * if (answer.agree() && answer.fused().probability() > 0.9) {
 *     pseudoLabels.put(recording, answer.fused().label());
 * }
 * }</pre>
 */
public final class EnsemblePrediction {
    /**
     * What the models took one window of the recording for.
     *
     * @param start time from the recording's start
     * @param length the window's duration
     * @param answers each model's most probable scene in this window, in the order of the models
     */
    public record Window(Duration start, Duration length, List<ScoredScene> answers) {
        /** Copies the list. */
        public Window {
            answers = List.copyOf(answers);
        }

        /** What Jackson writes. */
        @JsonValue
        Map<String, Object> json() {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("start", ScenePrediction.seconds(start));
            fields.put("length", ScenePrediction.seconds(length));
            fields.put("agree", agree());
            fields.put("answers", answers);
            return fields;
        }

        /**
         * Whether all models took this window for the same scene.
         *
         * @return true if their most probable scenes have the same label
         */
        public boolean agree() {
            return haveSameLabel(answers);
        }
    }

    private final ScenePrediction fused;
    private final List<ScenePrediction> members;
    private final List<Window> windows;

    EnsemblePrediction(ScenePrediction fused, List<ScenePrediction> members) {
        this.fused = fused;
        this.members = List.copyOf(members);
        windows = IntStream.range(0, fused.windows().size())
                .mapToObj(this::window)
                .toList();
    }

    private Window window(int i) {
        ScenePrediction.Window window = fused.windows().get(i);
        return new Window(
                window.start(),
                window.length(),
                members.stream()
                        .map(member -> member.windows().get(i).ranking().get(0))
                        .toList());
    }

    /**
     * The answer of all models together: the weighted mean of their probabilities, taken in each window. What a system
     * of two stages said in each is with its own prediction only.
     *
     * @return scenes in the order of the first model's labels where equally probable
     */
    public ScenePrediction fused() {
        return fused;
    }

    /**
     * What each model said by itself, as a {@link SceneClassifier} of that model alone would have.
     *
     * @return one prediction for each model, in the order they were added
     */
    public List<ScenePrediction> members() {
        return members;
    }

    /**
     * Each model's most probable scene of the whole recording, with its probability.
     *
     * @return one for each model, in the order they were added
     */
    public List<ScoredScene> answers() {
        return members.stream().map(member -> member.ranking().get(0)).toList();
    }

    /**
     * Whether all models took the recording for the same scene.
     *
     * @return true if their most probable scenes have the same label
     */
    public boolean agree() {
        return haveSameLabel(answers());
    }

    /**
     * What the models took each window for.
     *
     * @return in the order of time; one window for a recording no longer than the models' clip
     */
    public List<Window> windows() {
        return windows;
    }

    /**
     * The windows that the models took for different scenes.
     *
     * @return those of {@link #windows} on which they do not agree, in the order of time
     */
    public List<Window> disagreements() {
        return windows.stream().filter(window -> !window.agree()).toList();
    }

    /**
     * When the scene changed, by {@link SegmentationOptions#defaults}.
     *
     * @return as {@link #segments(SegmentationOptions)}
     */
    public List<SceneSegment> segments() {
        return fused.segments();
    }

    /**
     * When the scene changed. In each window the models vote with their probabilities and weights, as everywhere.
     *
     * @param options how windows become segments
     * @return those of {@link #fused}
     */
    public List<SceneSegment> segments(SegmentationOptions options) {
        return fused.segments(options);
    }

    /** What Jackson writes: the fused answer's fields, whether the models agree, and what each said. */
    @JsonValue
    Map<String, Object> json() {
        Map<String, Object> fields = fused.json();
        fields.put("agree", agree());
        fields.put("members", members);
        return fields;
    }

    private static boolean haveSameLabel(List<ScoredScene> answers) {
        return answers.stream().map(ScoredScene::label).distinct().count() == 1;
    }

    @Override
    public String toString() {
        return fused + " of " + answers();
    }
}
