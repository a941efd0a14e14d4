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
import java.util.stream.IntStream;
import org.earshot.SceneClassifier;
import org.earshot.dataset.Dataset;
import org.earshot.dataset.DatasetException;
import org.earshot.dataset.FeatureSource;
import org.earshot.dataset.ProgressListener;
import org.earshot.dataset.SetClassification;
import org.earshot.files.FileDigest;
import org.earshot.model.ModelDirectory;

/**
 * Labels recordings that have none with one model or with two, and writes them as metadata in the challenge's form.
 *
 * <p>With two models this is the two-step scheme of the ASCMamba paper (section 3.3), see {@link LabellingRule}. With
 * one model it is what the challenge's baseline and MobileASCNet do: hard targets, of all clips or of the surest only,
 * or soft targets.
 *
 * <p>Scores are kept beside the output, in a file with {@code .part} behind its name, until all is done: an interrupted
 * run goes on where it was, without scoring a clip twice. A file of other models, recordings or metadata is refused.
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
     * @throws org.earshot.EarshotException if the models' labels or feature parameters differ, or if one of them
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
     * Labels.
     *
     * @param features of the set's clips, made with the models' parameters
     * @param output the file to write or replace, once all clips are scored
     * @param progress told of each clip that is scored; an earlier run's are not told of again
     * @return what was kept
     * @throws org.earshot.EarshotException if a clip cannot be scored, if there is the journal of another run, or if
     *     the files cannot be written
     */
    public LabellingSummary run(FeatureSource features, Path output, ProgressListener progress) {
        Path journal = journal(output);
        List<SceneClassifier> classifiers =
                models.stream().map(LabellingModel::classifier).toList();
        try {
            List<float[][]> scores;
            try (ScoreJournal done = ScoreJournal.open(
                    journal,
                    identity(),
                    features.size(),
                    classifiers.stream().mapToInt(c -> c.labels().size()).toArray())) {
                score(classifiers, features, done, progress);
                scores = done.scores();
            }
            List<Answer> answers = answers(scores);
            List<Step> steps = Selection.of(rule, answers);
            PseudoLabelCsv.write(
                    output,
                    set.clips(),
                    answers,
                    steps,
                    soft ? classifiers.get(0).labels() : List.of(),
                    scores);
            Files.delete(journal);
            return LabellingSummary.of(classifiers.get(0).labels(), answers, steps);
        } catch (UncheckedIOException e) {
            throw failed(output, e.getCause());
        } catch (IOException e) {
            throw failed(output, e);
        }
    }

    private static DatasetException failed(Path output, IOException e) {
        return new DatasetException(output, "an I/O error (" + e + ")", "a writable folder", e);
    }

    private void score(
            List<SceneClassifier> classifiers,
            FeatureSource features,
            ScoreJournal journal,
            ProgressListener progress) {
        SetClassification.run(journal.scores().size(), classifiers, features, set.contexts(), (scores, clip) -> {
            try {
                journal.add(scores);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            progress.clipDone(clip + 1, features.size());
        });
    }

    private List<Answer> answers(List<float[][]> scores) {
        return IntStream.range(0, scores.size())
                .mapToObj(clip -> {
                    float[][] models = scores.get(clip);
                    int first = best(models[0]);
                    return new Answer(
                            set.clips().get(clip).name(),
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
    private String identity() throws IOException {
        MessageDigest digest = FileDigest.sha256();
        for (LabellingModel model : models) {
            digest.update(FileDigest.sha256(model.directory().resolve(ModelDirectory.CONFIG)));
            digest.update(FileDigest.sha256(model.directory().resolve(ModelDirectory.WEIGHTS)));
            // Backends agree to rounding, precisions do not.
            digest.update(model.classifier().precision().label().getBytes(StandardCharsets.UTF_8));
        }
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
