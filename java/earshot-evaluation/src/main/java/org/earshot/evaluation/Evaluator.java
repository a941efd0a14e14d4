package org.earshot.evaluation;

import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
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
    private final FeatureSource features;
    private final EvaluationOptions options;
    private final List<String> labels;

    /**
     * Prepares an evaluation.
     *
     * @param set every clip with one of the labels
     * @param features of the set's clips
     * @param labels the classes, in the order of all tables
     * @param options what is measured
     * @throws IllegalArgumentException if the features are of more or fewer clips, or a clip has none of the labels
     */
    public Evaluator(Dataset set, FeatureSource features, List<String> labels, EvaluationOptions options) {
        if (features.size() != set.clips().size()) {
            throw new IllegalArgumentException(
                    features.size() + " features; expected " + set.clips().size());
        }
        if (!set.clips().stream()
                .allMatch(clip -> clip.label().filter(labels::contains).isPresent())) {
            throw new IllegalArgumentException("a clip without one of the labels");
        }
        this.set = set;
        this.features = features;
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
     * Evaluates a model.
     *
     * @param name how tables call it
     * @param classifier the model
     * @param scores told of each clip of the set as it is
     * @param curves told of each clip in another context, if there are curves to draw
     * @return all that is to be said of it
     * @throws org.earshot.error.EarshotException if a clip cannot be read or classified, or the labels are others
     */
    public ModelEvaluation evaluate(
            String name, SceneClassifier classifier, ProgressListener scores, ProgressListener curves) {
        Objects.requireNonNull(name);
        int[] columns = columns(labels, classifier.config());
        List<RecordingContext> contexts = set.contexts();
        float[][] probabilities = SetClassification.run(classifier, features, contexts, scores);
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
                GroupScore.byCity(answers, contexts, classifier.config().context()),
                GroupScore.byHour(answers, contexts),
                Calibration.of(answers, options.bins()),
                Mistake.worst(
                        answers, set.clips().stream().map(Dataset.Clip::name).toList(), options.mistakes()),
                curves(classifier, answers, columns, curves));
    }

    private List<RobustnessCurve> curves(
            SceneClassifier classifier, Answers answers, int[] columns, ProgressListener progress) {
        ContextParameters parameters = classifier.config().context();
        if (parameters == null) {
            return List.of();
        }
        return new RobustnessStudy(options, set.contexts(), answers)
                .curves(
                        parameters,
                        (clips, told, listener) -> {
                            int[] found = new int[clips.length];
                            SetClassification.run(
                                    0, List.of(classifier), new ChosenClips(features, clips), told, (scores, i) -> {
                                        found[i] = Answers.mostProbable(select(scores[0], columns));
                                        listener.clipDone(i + 1, found.length);
                                    });
                            return found;
                        },
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
