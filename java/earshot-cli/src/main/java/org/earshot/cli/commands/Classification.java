package org.earshot.cli.commands;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.earshot.EnsemblePrediction;
import org.earshot.RecordingContext;
import org.earshot.ScenePrediction;
import org.earshot.cli.input.Recording;
import org.earshot.cli.output.Answer;
import org.earshot.cli.output.CommandException;
import org.earshot.cli.output.Console;
import org.earshot.cli.output.PredictionFormat;
import org.earshot.cli.output.Text;
import org.earshot.dataset.Metadata;
import org.earshot.dataset.UnknownCities;
import org.earshot.error.CancelledException;
import org.earshot.error.ContextException;
import org.earshot.error.EarshotException;

/** Classifies many recordings, several at once, and hands out the answers in the recordings' order. */
final class Classification {
    /** Answers that may wait for a slow one before them, per session. */
    private static final int AHEAD = 4;

    private final ModelGroup models;
    private final Optional<Metadata> metadata;
    private final RecordingContext common;
    private final PredictionFormat format;
    private final BiConsumer<Recording, Answer> whileOpen;
    private final Consumer<String> results;

    /**
     * Prepares.
     *
     * @param models what answers
     * @param metadata contexts and labels, if there are any
     * @param common context of all recordings where there are none
     * @param format how answers are written
     * @param whileOpen takes each answer while its recording can still be read
     * @param results takes what is written
     */
    Classification(
            ModelGroup models,
            Optional<Metadata> metadata,
            RecordingContext common,
            PredictionFormat format,
            BiConsumer<Recording, Answer> whileOpen,
            Consumer<String> results) {
        this.models = models;
        this.metadata = metadata;
        this.common = common;
        this.format = format;
        this.whileOpen = whileOpen;
        this.results = results;
    }

    /** How often several models say the same. */
    private static final class Agreement {
        private int recordings;
        private int agreed;

        void add(EnsemblePrediction answer) {
            recordings++;
            agreed += answer.agree() ? 1 : 0;
        }

        Optional<String> summary() {
            return recordings < 2
                    ? Optional.empty()
                    : Optional.of("the models agree on " + agreed + " of " + recordings + " recordings");
        }
    }

    private record Task(Path file, Future<Answer> answer) {}

    /**
     * Runs.
     *
     * @param files the recordings
     * @param sessions how many to work on at once
     * @param console where remarks go
     * @param report takes what is wrong with a recording
     * @param step called after each recording
     * @return number of recordings without an answer
     */
    int run(List<Path> files, int sessions, Console console, Consumer<? super EarshotException> report, Runnable step) {
        Accuracy accuracy = new Accuracy(models.labels());
        warnOfUnknownLabels(accuracy, console);
        warnOfUnknownCities(console);
        results.accept(format.header());
        Agreement agreement = new Agreement();
        int failures = 0;
        ExecutorService executor = Executors.newFixedThreadPool(sessions);
        try {
            Deque<Task> tasks = new ArrayDeque<>();
            Iterator<Path> rest = files.iterator();
            while (rest.hasNext() || !tasks.isEmpty()) {
                while (rest.hasNext() && tasks.size() < AHEAD * sessions) {
                    Path file = rest.next();
                    tasks.add(new Task(file, executor.submit(() -> classify(file))));
                }
                Task task = tasks.remove();
                try {
                    Answer answer = get(task.answer);
                    results.accept(format.row(task.file, answer));
                    ScenePrediction scene = answer.scene();
                    scene.notes().forEach(note -> console.say(Text.visible(task.file.toString()) + ": " + note));
                    count(accuracy, task.file, scene);
                    answer.ensemble().ifPresent(agreement::add);
                } catch (RecordingFailure e) {
                    report.accept(e.reason);
                    failures++;
                }
                step.run();
            }
        } finally {
            executor.shutdownNow();
        }
        accuracy.summary().ifPresent(console::say);
        agreement.summary().ifPresent(console::say);
        return failures;
    }

    private Answer classify(Path file) {
        try (Recording recording = Recording.open(file)) {
            try {
                Answer answer = models.classify(recording.file(), context(file));
                requireFinite(file, answer.scene().probability());
                whileOpen.accept(recording, answer);
                return answer;
            } catch (ContextException e) {
                throw new CommandException(file, e);
            } catch (EarshotException e) {
                throw recording.named(e);
            }
        }
    }

    private static void requireFinite(Path file, float probability) {
        if (!Float.isFinite(probability)) {
            throw new CommandException(file, "a probability of " + probability, "a number (are the weights finite?)");
        }
    }

    private RecordingContext context(Path file) {
        if (metadata.isEmpty()) {
            return common;
        }
        return metadata.get()
                .row(file)
                .map(Metadata.Row::context)
                .orElseThrow(() -> new CommandException(
                        file,
                        "no row in " + metadata.get().source(),
                        "one for each recording" + metadata.get().hint(file)));
    }

    /** What keeps one recording from being classified, and only that one. */
    private static final class RecordingFailure extends Exception {
        private static final long serialVersionUID = 1L;

        private final EarshotException reason;

        RecordingFailure(EarshotException reason) {
            super(reason);
            this.reason = reason;
        }
    }

    private static Answer get(Future<Answer> answer) throws RecordingFailure {
        try {
            return answer.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof EarshotException reason) {
                throw new RecordingFailure(reason);
            }
            // A fault of the program: the others would meet it too.
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancelledException("the classification", e);
        }
    }

    private void warnOfUnknownLabels(Accuracy accuracy, Console console) {
        List<String> unknown = metadata.stream()
                .flatMap(csv -> csv.rows().stream())
                .map(Metadata.Row::label)
                .filter(label -> label != null && accuracy.label(label).isEmpty())
                .distinct()
                .toList();
        if (!unknown.isEmpty()) {
            console.say(metadata.get().source() + ": scene_label: found " + unknown.size()
                    + " that the model does not know, such as '" + Text.visible(unknown.get(0))
                    + "'; they do not count in the accuracy");
        }
    }

    /** A misspelt city would otherwise pass for the policy's stand-in without a word. */
    private void warnOfUnknownCities(Console console) {
        List<String> cities = metadata.map(
                        csv -> csv.rows().stream().map(Metadata.Row::location).filter(Objects::nonNull))
                .orElse(common.city().stream())
                .toList();
        String subject =
                metadata.map(csv -> csv.source() + ": " + Metadata.LOCATION).orElse("--city");
        models.configs().stream()
                .flatMap(config -> UnknownCities.of(config, cities.stream()).stream())
                .distinct()
                .forEach(unknown -> console.say(subject + ": " + unknown));
    }

    private void count(Accuracy accuracy, Path file, ScenePrediction prediction) {
        metadata.flatMap(csv -> csv.row(file))
                .map(Metadata.Row::label)
                .flatMap(accuracy::label)
                .ifPresent(truth -> accuracy.add(truth, prediction.label()));
    }
}
