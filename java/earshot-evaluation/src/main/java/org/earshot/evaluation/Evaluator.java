package org.earshot.evaluation;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.dataset.Dataset;
import org.earshot.dataset.FeatureSource;
import org.earshot.dataset.ProgressListener;
import org.earshot.dataset.SceneLabels;
import org.earshot.dataset.SetClassification;
import org.earshot.error.ModelException;
import org.earshot.files.Quoted;
import org.earshot.model.ContextParameters;
import org.earshot.model.ContextParameters.UnknownLocation;
import org.earshot.model.ModelConfig;

/** Evaluates models on a labelled set, one after the other. */
public final class Evaluator {
    private final Dataset set;
    private final EvaluationOptions options;
    private final List<String> labels;

    /** A model, wherever it computes. */
    @FunctionalInterface
    public interface Scorer {
        /**
         * Classifies clips, each in a context.
         *
         * @param clips positions in the set; some may be there several times
         * @param told where and when each was recorded, or is said to have been
         * @param progress told of each
         * @return {@code [clips][classes]}: probabilities, classes in the order of the model's labels
         */
        float[][] scores(int[] clips, List<RecordingContext> told, ProgressListener progress);
    }

    /**
     * Prepares an evaluation.
     *
     * @param set every clip with one of the labels
     * @param labels the classes, in the order of all tables
     * @param options what is measured
     * @throws IllegalArgumentException if a clip has none of the labels
     */
    public Evaluator(Dataset set, List<String> labels, EvaluationOptions options) {
        if (!set.clips().stream()
                .allMatch(clip -> clip.label().filter(labels::contains).isPresent())) {
            throw new IllegalArgumentException("a clip without one of the labels");
        }
        this.set = set;
        this.labels = List.copyOf(labels);
        this.options = options;
    }

    /**
     * Checks, before any long work, that models can stand side by side, and that they take what the curves will tell
     * them. The same labels in another order are the same labels; case and how words are joined do not matter.
     *
     * @param configs the models' configurations, at least one
     * @param options what will be measured
     * @throws ModelException naming file and field if labels or features differ from the first model's, or if a model
     *     refuses one of the unseen cities
     */
    public static void requireComparable(List<ModelConfig> configs, EvaluationOptions options) {
        ModelConfig first = configs.get(0);
        for (ModelConfig config : configs) {
            columns(first.labels(), config);
            config.requireFeaturesOf(first);
            ContextParameters context = config.context();
            if (!options.unseen().isEmpty() && context != null && context.unknownLocation() == UnknownLocation.ERROR) {
                for (String city : options.cities()) {
                    if (!context.knows(city)) {
                        throw new ModelException(
                                config.source() + ": context.unknown_location",
                                "\"error\", and no city " + Quoted.of(city),
                                "a model that takes the unseen cities");
                    }
                }
            }
        }
    }

    /** For each label, its position among the model's own. */
    private static int[] columns(List<String> labels, ModelConfig config) {
        SceneLabels known = new SceneLabels(config.labels());
        Set<String> different = new HashSet<>();
        int[] columns = new int[labels.size()];
        for (int i = 0; i < columns.length; i++) {
            Optional<String> label = known.find(labels.get(i));
            columns[i] = label.map(config.labels()::indexOf).orElse(-1);
            label.ifPresent(different::add);
        }
        if (different.size() != labels.size()
                || different.size() != config.labels().size()) {
            throw new ModelException(
                    config.source() + ": labels",
                    config.labels().toString(),
                    "the same labels as the first model, in any order: " + labels);
        }
        return columns;
    }

    /**
     * Evaluates a model that is loaded here.
     *
     * @param name how tables call it
     * @param classifier the model
     * @param features of the set's clips
     * @param scores told of each clip of the set as it is
     * @param curves told of each clip in another context, if there are curves to draw
     * @return all that is to be said of it
     * @throws org.earshot.error.EarshotException if a clip cannot be read or classified, or the labels are others
     * @throws IllegalArgumentException if the features are of more or fewer clips
     */
    public ModelEvaluation evaluate(
            String name,
            SceneClassifier classifier,
            FeatureSource features,
            ProgressListener scores,
            ProgressListener curves) {
        if (features.size() != set.clips().size()) {
            throw new IllegalArgumentException(
                    features.size() + " features; expected " + set.clips().size());
        }
        return evaluate(
                name,
                classifier.config(),
                (clips, told, progress) ->
                        SetClassification.run(classifier, new ChosenClips(features, clips), told, progress),
                scores,
                curves);
    }

    /**
     * Evaluates a model.
     *
     * @param name how tables call it
     * @param config its configuration
     * @param model classifies the set's clips
     * @param scores told of each clip of the set as it is
     * @param curves told of each clip in another context, if there are curves to draw
     * @return all that is to be said of it
     * @throws org.earshot.error.EarshotException if the labels are others, or what the model throws
     */
    public ModelEvaluation evaluate(
            String name, ModelConfig config, Scorer model, ProgressListener scores, ProgressListener curves) {
        Objects.requireNonNull(name);
        int[] columns = columns(labels, config);
        List<RecordingContext> contexts = set.contexts();
        int[] all = IntStream.range(0, contexts.size()).toArray();
        float[][] probabilities = model.scores(all, contexts, scores);
        for (int clip = 0; clip < probabilities.length; clip++) {
            probabilities[clip] = select(probabilities[clip], columns);
        }
        int[] truth = set.clips().stream()
                .mapToInt(clip -> labels.indexOf(clip.label().orElseThrow()))
                .toArray();
        Answers answers = Answers.of(labels, truth, probabilities);
        Bootstrap intervals = Bootstrap.of(answers, options.draws(), options.seed());
        ConfusionMatrix confusion = ConfusionMatrix.of(answers);
        return new ModelEvaluation(
                name,
                intervals.accuracy(),
                intervals.macroAccuracy(),
                LogLoss.of(answers),
                ClassScore.of(confusion),
                confusion,
                GroupScore.byCity(answers, contexts, config.context()),
                GroupScore.byHour(answers, contexts),
                Calibration.of(answers, options.bins()),
                Mistake.worst(
                        answers, set.clips().stream().map(Dataset.Clip::name).toList(), options.mistakes()),
                curves(config.context(), model, answers, columns, curves));
    }

    private List<RobustnessCurve> curves(
            ContextParameters parameters, Scorer model, Answers answers, int[] columns, ProgressListener progress) {
        if (parameters == null) {
            return List.of();
        }
        return new RobustnessStudy(options, set.contexts(), answers)
                .curves(
                        parameters,
                        (clips, told, listener) -> Arrays.stream(model.scores(clips, told, listener))
                                .mapToInt(scores -> Answers.mostProbable(select(scores, columns)))
                                .toArray(),
                        progress);
    }

    private static float[] select(float[] values, int... columns) {
        float[] selected = new float[columns.length];
        for (int i = 0; i < columns.length; i++) {
            selected[i] = values[columns[i]];
        }
        return selected;
    }

    /**
     * Puts models side by side.
     *
     * @param models each evaluated by this evaluator, at least one
     * @return the evaluation
     */
    public Evaluation together(List<ModelEvaluation> models) {
        return new Evaluation(
                String.valueOf(set.source().getFileName()),
                set.clips().size(),
                SceneDistribution.of(labels, set.clips()),
                List.copyOf(models));
    }
}
