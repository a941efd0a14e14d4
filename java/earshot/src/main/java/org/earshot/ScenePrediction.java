package org.earshot;

import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.earshot.segmentation.SceneSegment;
import org.earshot.segmentation.ScoredWindow;
import org.earshot.segmentation.SegmentationOptions;
import org.earshot.segmentation.Segmenter;

/**
 * The answer for one recording: how probable each scene is. A plain value that needs no closing.
 *
 * <p>Jackson writes it, and each of its parts, without further ado (as what a web framework's controller returns, for
 * example), and as {@code earshot classify --json} prints it:
 *
 * <pre>{@code
 * {"label":"Bus","probability":0.75,"ranking":[{"label":"Bus","probability":0.75},{"label":"Metro","probability":0.25}]}
 * }</pre>
 *
 * <p>A system of two stages has such objects under {@code coarse} and {@code fine} besides, and a recording of several
 * windows a list of them under {@code windows}, each with its {@code start} and {@code length} in seconds.
 */
public final class ScenePrediction {
    private static final double NANOSECONDS = 1e9;

    /**
     * A scene and its probability.
     *
     * @param label the scene's name
     * @param probability in [0, 1]
     */
    public record ScoredScene(String label, float probability) {}

    /** What one window of the recording was taken for. */
    public static final class Window {
        private final Duration start;
        private final Duration length;
        private final List<String> labels;
        private final float[] probabilities;

        Window(Duration start, Duration length, List<String> labels, float[] probabilities) {
            this.start = start;
            this.length = length;
            this.labels = labels;
            this.probabilities = probabilities;
        }

        /**
         * Where the window starts.
         *
         * @return time from the recording's start
         */
        public Duration start() {
            return start;
        }

        /**
         * How long the window is.
         *
         * @return its duration
         */
        public Duration length() {
            return length;
        }

        /**
         * All scenes in this window, the most probable first; equals keep the model's order.
         *
         * @return one entry per label; the probabilities sum to 1
         */
        public List<ScoredScene> ranking() {
            return rank(labels, probabilities);
        }

        /** What Jackson writes. */
        @JsonValue
        Map<String, Object> json() {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("start", seconds(start));
            fields.put("length", seconds(length));
            fields.putAll(ranked(ranking()));
            return fields;
        }

        /** One for each of the prediction's labels, in their order; not to be changed. */
        float[] probabilities() {
            return probabilities;
        }

        /** The probabilities in the order of another list of the same labels. */
        private float[] probabilities(List<String> order) {
            float[] ordered = new float[probabilities.length];
            for (int i = 0; i < ordered.length; i++) {
                ordered[i] = probabilities[labels.indexOf(order.get(i))];
            }
            return ordered;
        }

        @Override
        public String toString() {
            return start + " " + ranking().get(0);
        }
    }

    /**
     * What the two stages of a system that decides in two (improved SE-Trans) said by themselves, before the fusion of
     * their scores.
     *
     * @param coarse the coarse scenes, such as indoor and outdoor, the most probable first
     * @param fine the scenes as the fine stage alone ranks them, the most probable first
     */
    public record TwoStages(List<ScoredScene> coarse, List<ScoredScene> fine) {
        /** Copies the lists. */
        public TwoStages {
            coarse = List.copyOf(coarse);
            fine = List.copyOf(fine);
        }

        /** What Jackson writes. */
        @JsonValue
        Map<String, Object> json() {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("coarse", ranked(coarse));
            fields.put("fine", ranked(fine));
            return fields;
        }

        /**
         * The most probable coarse scene.
         *
         * @return its name
         */
        public String coarseLabel() {
            return coarse.get(0).label();
        }

        /**
         * The scene that the fine stage alone would have chosen.
         *
         * @return its name
         */
        public String fineLabel() {
            return fine.get(0).label();
        }
    }

    private final List<ScoredScene> ranking;
    private final TwoStages stages;
    private final List<Window> windows;
    private final List<String> notes;

    private ScenePrediction(List<ScoredScene> ranking, TwoStages stages, List<Window> windows, List<String> notes) {
        this.ranking = ranking;
        this.stages = stages;
        this.windows = windows;
        this.notes = notes;
    }

    /**
     * Averages the windows' probabilities, each window counting the same.
     *
     * @param stages the windows' stages, averaged; null for a system of one stage
     * @param notes what there is to say about the recording
     */
    static ScenePrediction ofWindows(List<String> labels, List<Window> windows, TwoStages stages, List<String> notes) {
        WeightedMean mean = new WeightedMean();
        windows.forEach(window -> mean.add(window.probabilities));
        return new ScenePrediction(rank(labels, mean.mean()), stages, List.copyOf(windows), List.copyOf(notes));
    }

    /**
     * Fuses what several models said of the same windows: in each the weighted mean of their probabilities.
     *
     * @param members with the same set of labels, whose order may differ; the first one's is kept
     * @param weights how much each counts
     */
    static ScenePrediction fuse(List<ScenePrediction> members, double... weights) {
        List<Window> first = members.get(0).windows;
        List<Window> fused = IntStream.range(0, first.size())
                .mapToObj(i -> {
                    List<Window> same = members.stream()
                            .map(member -> member.windows.get(i))
                            .toList();
                    return fuseWindow(same, weights);
                })
                .toList();
        return ofWindows(first.get(0).labels, fused, null, members.get(0).notes);
    }

    private static Window fuseWindow(List<Window> members, double... weights) {
        Window first = members.get(0);
        WeightedMean mean = new WeightedMean();
        for (int member = 0; member < weights.length; member++) {
            mean.add(weights[member], members.get(member).probabilities(first.labels));
        }
        return new Window(first.start, first.length, first.labels, mean.mean());
    }

    /** What Jackson writes. */
    @JsonValue
    Map<String, Object> json() {
        Map<String, Object> fields = ranked(ranking);
        if (stages != null) {
            fields.putAll(stages.json());
        }
        if (!notes.isEmpty()) {
            fields.put("notes", notes);
        }
        if (windows.size() > 1) {
            fields.put("windows", windows);
        }
        return fields;
    }

    /** A ranking as JSON has it: with its first scene in front. */
    private static Map<String, Object> ranked(List<ScoredScene> ranking) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("label", ranking.get(0).label());
        fields.put("probability", ranking.get(0).probability());
        fields.put("ranking", ranking);
        return fields;
    }

    /** A duration as JSON has it. */
    static double seconds(Duration duration) {
        return duration.toNanos() / NANOSECONDS;
    }

    static List<ScoredScene> rank(List<String> labels, float... probabilities) {
        return IntStream.range(0, labels.size())
                .mapToObj(i -> new ScoredScene(labels.get(i), probabilities[i]))
                .sorted(Comparator.comparingDouble(ScoredScene::probability).reversed())
                .toList();
    }

    /**
     * The most probable scene.
     *
     * @return its name
     */
    public String label() {
        return ranking.get(0).label();
    }

    /**
     * The probability of the most probable scene.
     *
     * @return in [0, 1]
     */
    public float probability() {
        return ranking.get(0).probability();
    }

    /**
     * All scenes, the most probable first; equals keep the model's order. Of a system that decides in two stages these
     * are the fused scores.
     *
     * @return one entry per label; the probabilities sum to 1
     */
    public List<ScoredScene> ranking() {
        return ranking;
    }

    /**
     * What the two stages said by themselves.
     *
     * @return the coarse scene and the fine one; nothing for a system of one stage
     */
    public Optional<TwoStages> stages() {
        return Optional.ofNullable(stages);
    }

    /**
     * The windows whose probabilities were averaged.
     *
     * @return in the order of time; one window for a recording no longer than the model's clip
     */
    public List<Window> windows() {
        return windows;
    }

    /**
     * When the scene changed, by {@link SegmentationOptions#defaults}.
     *
     * @return in the order of time; the more precise, the less far windows lie apart ({@link LoadOptions#windowHop})
     */
    public List<SceneSegment> segments() {
        return segments(SegmentationOptions.defaults());
    }

    /**
     * When the scene changed.
     *
     * @param options how windows become segments
     * @return in the order of time; none if no scene reaches the threshold
     */
    public List<SceneSegment> segments(SegmentationOptions options) {
        List<ScoredWindow> scored = windows.stream()
                .map(window -> new ScoredWindow(window.start, window.start.plus(window.length), window.probabilities))
                .toList();
        return Segmenter.segments(windows.get(0).labels, options, scored);
    }

    /**
     * What there is to say about the recording: where it was damaged, and how much could not be decoded.
     *
     * @return one line each, at most a dozen; empty for a recording that was read whole
     */
    public List<String> notes() {
        return notes;
    }

    @Override
    public String toString() {
        return label() + " (" + probability() + ")";
    }
}
