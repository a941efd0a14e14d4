package org.earshot.cli.commands;

import java.nio.file.Path;
import java.util.List;
import java.util.function.BiFunction;
import org.earshot.Classifier;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.SceneEnsemble;
import org.earshot.cli.output.Answer;
import org.earshot.model.ModelConfig;

/** One model, or several that answer together. */
final class ModelGroup implements AutoCloseable {
    private final Classifier<?, ?> classifier;
    private final List<ModelConfig> configs;
    private final BiFunction<Path, RecordingContext, Answer> answers;

    private ModelGroup(
            Classifier<?, ?> classifier,
            List<ModelConfig> configs,
            BiFunction<Path, RecordingContext, Answer> answers) {
        this.classifier = classifier;
        this.configs = configs;
        this.answers = answers;
    }

    static ModelGroup of(SceneClassifier one) {
        return new ModelGroup(one, List.of(one.config()), (file, context) -> Answer.of(one.classify(file, context)));
    }

    static ModelGroup of(SceneEnsemble several) {
        return new ModelGroup(
                several, several.configs(), (file, context) -> Answer.of(several.classify(file, context)));
    }

    Answer classify(Path file, RecordingContext context) {
        return answers.apply(file, context);
    }

    /** Of each model, all of which have the same labels and hear the same. */
    List<ModelConfig> configs() {
        return configs;
    }

    List<String> labels() {
        return classifier.labels();
    }

    /** Recordings that can be worked on at once. */
    int sessions() {
        return classifier.sessions();
    }

    @Override
    public void close() {
        classifier.close();
    }

    @Override
    public String toString() {
        return classifier.toString();
    }
}
