package org.earshot.labelling;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.earshot.SceneClassifier;
import org.earshot.audio.AudioLimits;
import org.earshot.dataset.Dataset;
import org.earshot.dataset.DatasetException;
import org.earshot.dataset.FeatureSource;
import org.earshot.dataset.ProgressListener;
import org.earshot.dataset.SetClassification;
import org.earshot.dataset.UnreadableClip;
import org.earshot.files.FileDigest;
import org.earshot.files.IoReason;
import org.earshot.model.ModelDirectory;

/**
 * Labels recordings that have none with one model or with two, and writes them as metadata in the challenge's form.
 *
 * <p>With two models this is the two-step scheme of the ASCMamba paper (section 3.3), see {@link LabellingRule}. With
 * one model it is what the challenge's baseline and MobileASCNet do: hard targets, of all clips or of the surest only,
 * or soft targets.
 *
 * <p>Scores are kept beside the output, in a file with {@code .part} behind its name, until all is done: an interrupted
 * run goes on where it was, without scoring a clip twice. A file of other models, recordings, metadata or limits is
 * refused.
 */
public final class PseudoLabelling {
    private final Dataset set;
    private final List<LabellingModel> models;
    private final LabellingRule rule;
    private final boolean soft;

    /**
     * Prepares a labelling; all that can be wrong with it is found here.
     *
     * @param set the clips to label; labels that they have do not matter
     * @param first the model whose answers become labels
     * @param second the model that is asked of the clips which the first is not sure of, if there is one
     * @param rule which clips keep a label
     * @param soft whether the first model's probabilities of all classes are written too
     * @throws org.earshot.error.EarshotException if the models' labels or feature parameters differ, or if one of them
     *     refuses a city
     */
    public PseudoLabelling(
            Dataset set, LabellingModel first, Optional<LabellingModel> second, LabellingRule rule, boolean soft) {
        this.set = set;
        this.rule = rule;
        this.soft = soft;
        models = new ArrayList<>(List.of(first));
        second.ifPresent(model -> {
            model.classifier().config().requireLabelsOf(first.classifier().config());
            model.classifier().config().requireFeaturesOf(first.classifier().config());
            models.add(model);
        });
        models.forEach(model -> set.requireCities(model.classifier().config()));
    }

    /**
     * The file that keeps the scores of an interrupted run.
     *
     * @param output the file that will hold the labels
     * @return its name with {@code .part} behind it
     */
    public static Path journal(Path output) {
        return output.resolveSibling(output.getFileName() + ".part");
    }

    /**
     * Labels, and writes the labels.
     *
     * @param features of the set's clips, made with the models' parameters
     * @param output the file to write or replace, once all clips are scored
     * @param progress told of each clip that is scored; an earlier run's are not told of again
     * @return what was kept
     * @throws org.earshot.error.EarshotException if a clip cannot be scored, if there is the journal of another run, or
     *     if the files cannot be written
     */
    public LabellingSummary run(FeatureSource features, Path output, ProgressListener progress) {
        Labelling labelling = label(features, output, progress, UnreadableClip.refused());
        labelling.write();
        return labelling.summary();
    }

    /**
     * Labels, and goes on past recordings that cannot be read. Nothing but the journal is written yet.
     *
     * @param features of the set's clips, made with the models' parameters
     * @param output the file that will be written
     * @param progress told of each clip that is scored or cannot be read; an earlier run's are not told of again
     * @param unreadable told of each clip that cannot be read and is left out, an earlier run's first
     * @return the labels of the others
     * @throws org.earshot.error.EarshotException if no clip can be read, if one cannot be scored, if there is the
     *     journal of another run, or if it cannot be written
     */
    public Labelling label(
            FeatureSource features,
            Path output,
            ProgressListener progress,
            Consumer<? super UnreadableClip> unreadable) {
        List<SceneClassifier> classifiers =
                models.stream().map(LabellingModel::classifier).toList();
        List<ScoreJournal.Line> lines;
        try (ScoreJournal done = ScoreJournal.open(
                journal(output),
                identity(features.limits()),
                features.size(),
                classifiers.stream().mapToInt(c -> c.labels().size()).toArray())) {
            for (int clip = 0; clip < done.lines().size(); clip++) {
                String reason = done.lines().get(clip).unreadable();
                if (reason != null) {
                    unreadable.accept(new UnreadableClip(set.clips().get(clip), DatasetException.asBefore(reason)));
                }
            }
            score(classifiers, features, done, progress, unreadable);
            lines = done.lines();
        } catch (UncheckedIOException e) {
            throw failed(output, e.getCause());
        } catch (IOException e) {
            throw failed(output, e);
        }
        List<Integer> read = IntStream.range(0, lines.size())
                .filter(clip -> lines.get(clip).scores() != null)
                .boxed()
                .toList();
        if (read.isEmpty()) {
            throw new DatasetException(
                    set.source(), "no recording that can be read, of " + lines.size(), "at least one");
        }
        List<Dataset.Clip> clips = read.stream().map(set.clips()::get).toList();
        List<float[][]> scores =
                read.stream().map(clip -> lines.get(clip).scores()).toList();
        List<Answer> answers = answers(clips, scores);
        return new Labelling(output, clips, answers, Selection.of(rule, answers), scores);
    }

    /** Labels that were found and are to be written. */
    public final class Labelling {
        private final Path output;
        private final List<Dataset.Clip> clips;
        private final List<Answer> answers;
        private final List<Step> steps;
        private final List<float[][]> scores;

        private Labelling(
                Path output, List<Dataset.Clip> clips, List<Answer> answers, List<Step> steps, List<float[][]> scores) {
            this.output = output;
            this.clips = clips;
            this.answers = answers;
            this.steps = steps;
            this.scores = scores;
        }

        /**
         * Counts the labels.
         *
         * @return what was kept
         */
        public LabellingSummary summary() {
            return LabellingSummary.of(models.get(0).classifier().labels(), answers, steps);
        }

        /**
         * Writes or replaces the output, and deletes the journal.
         *
         * @throws DatasetException if that fails; the journal then stays, so that nothing has to be scored again
         */
        public void write() {
            try {
                PseudoLabelCsv.write(
                        output,
                        clips,
                        answers,
                        steps,
                        soft ? models.get(0).classifier().labels() : List.of(),
                        scores);
                Files.delete(journal(output));
            } catch (IOException e) {
                throw failed(output, e);
            }
        }
    }

    private static DatasetException failed(Path output, IOException e) {
        return new DatasetException(
                output, "a file that cannot be written (" + IoReason.of(e) + ")", "a writable folder", e);
    }

    private void score(
            List<SceneClassifier> classifiers,
            FeatureSource features,
            ScoreJournal journal,
            ProgressListener progress,
            Consumer<? super UnreadableClip> unreadable) {
        SetClassification.run(
                journal.lines().size(),
                classifiers,
                features,
                set.contexts(),
                (scores, clip) -> {
                    try {
                        journal.add(scores);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                    progress.clipDone(clip + 1, features.size());
                },
                (reason, clip) -> {
                    unreadable.accept(new UnreadableClip(set.clips().get(clip), reason));
                    try {
                        journal.addUnreadable(reason.getMessage());
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                    progress.clipDone(clip + 1, features.size());
                });
    }

    private List<Answer> answers(List<Dataset.Clip> clips, List<float[][]> scores) {
        return IntStream.range(0, scores.size())
                .mapToObj(clip -> {
                    float[][] models = scores.get(clip);
                    int first = best(models[0]);
                    return new Answer(
                            clips.get(clip).name(),
                            label(0, first),
                            models[0][first],
                            models.length == 1 ? Optional.empty() : Optional.of(label(1, best(models[1]))));
                })
                .toList();
    }

    private String label(int model, int index) {
        return models.get(model).classifier().labels().get(index);
    }

    /** The most probable class, the first of equals. */
    private static int best(float... probabilities) {
        int best = 0;
        for (int i = 1; i < probabilities.length; i++) {
            if (probabilities[i] > probabilities[best]) {
                best = i;
            }
        }
        return best;
    }

    /** Digest of all that scores depend on. */
    private String identity(AudioLimits limits) throws IOException {
        MessageDigest digest = FileDigest.sha256();
        for (LabellingModel model : models) {
            digest.update(FileDigest.sha256(model.directory().resolve(ModelDirectory.CONFIG)));
            digest.update(FileDigest.sha256(model.directory().resolve(ModelDirectory.WEIGHTS)));
            // Backends agree to rounding, precisions do not.
            digest.update(model.classifier().precision().label().getBytes(StandardCharsets.UTF_8));
        }
        // Some refuse what others decode.
        digest.update(limits.toString().getBytes(StandardCharsets.UTF_8));
        for (Dataset.Clip clip : set.clips()) {
            BasicFileAttributes audio = Files.readAttributes(clip.audio(), BasicFileAttributes.class);
            // Names cannot hold a zero: no two sets give the same bytes.
            String text = String.join(
                    "\0", clip.name(), clip.context().toString(), audio.size() + " " + audio.lastModifiedTime(), "");
            digest.update(text.getBytes(StandardCharsets.UTF_8));
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
