package org.earshot.dataset;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.earshot.RecordingContext;
import org.earshot.files.Quoted;
import org.earshot.model.ContextParameters;
import org.earshot.model.ContextParameters.UnknownLocation;
import org.earshot.model.ModelConfig;

/**
 * Recordings with what is known of them: the rows of a metadata file joined with the audio files in and below a folder,
 * in the order of the rows. Immutable, never empty. Nothing of the audio is read yet.
 */
public final class Dataset {
    /** How many examples a message names. */
    private static final int NAMED = 3;

    /**
     * One recording.
     *
     * @param line its line in the metadata, for messages
     * @param name as the metadata have it, without folders; unique in the set
     * @param audio its file
     * @param context city and time
     * @param label its scene, if it is known
     */
    public record Clip(long line, String name, Path audio, RecordingContext context, Optional<String> label) {}

    /** What becomes of clips without a label where labels are needed. */
    public enum Unlabelled {
        /** They are left out. */
        LEFT_OUT,
        /** They are an error. */
        REFUSED
    }

    private final Path source;
    private final List<Clip> clips;

    private Dataset(Path source, List<Clip> clips) {
        this.source = source;
        this.clips = List.copyOf(clips);
    }

    /**
     * Joins metadata with the recordings in a folder.
     *
     * @param metadata CSV in the challenge's form, see {@link Metadata}
     * @param folder searched with all folders in it; it may hold other recordings too
     * @return one clip for each row
     * @throws DatasetException if one of them cannot be read, if there is no row, or if a row has no file, or several,
     *     or a file several rows
     */
    public static Dataset open(Path metadata, Path folder) {
        return of(Metadata.read(metadata), folder);
    }

    /**
     * Joins metadata with the recordings in a folder.
     *
     * @param metadata the rows
     * @param folder searched with all folders in it; it may hold other recordings too
     * @return one clip for each row
     * @throws DatasetException as {@link #open}
     */
    public static Dataset of(Metadata metadata, Path folder) {
        if (metadata.rows().isEmpty()) {
            throw new DatasetException(metadata.source(), "no row below the header", "at least one recording");
        }
        if (!Files.isDirectory(folder)) {
            throw new DatasetException(folder, Files.exists(folder) ? "a file" : "no such folder", "a folder of audio");
        }
        return new Dataset(metadata.source(), new Join(metadata, folder).clips());
    }

    /** The search for each row's file. */
    private static final class Join {
        private final Metadata metadata;
        private final Path folder;
        private final Map<String, List<Path>> files = new HashMap<>();
        /** Names, without extension, of files that have a row. */
        private final Set<String> stems = new HashSet<>();

        Join(Metadata metadata, Path folder) {
            this.metadata = metadata;
            this.folder = folder;
            List<Path> recordings = RecordingFiles.in(folder, e -> {
                throw e;
            });
            for (Path recording : recordings) {
                metadata.row(recording).ifPresent(row -> {
                    files.computeIfAbsent(row.fileName(), name -> new ArrayList<>())
                            .add(recording);
                    stems.add(stem(recording));
                });
            }
        }

        List<Clip> clips() {
            requireNone(
                    row -> !files.containsKey(row.fileName()) && !isSecondRow(row),
                    "without a file in " + folder,
                    row -> Quoted.of(row.fileName()));
            requireNone(this::isSecondRow, "whose file another row has too", row -> Quoted.of(row.fileName()));
            requireNone(
                    row -> files.get(row.fileName()).size() > 1,
                    "with several files",
                    row -> files.get(row.fileName()).stream()
                            .limit(2)
                            .map(Path::toString)
                            .reduce((a, b) -> a + " and " + b)
                            .orElseThrow());
            return metadata.rows().stream()
                    .map(row -> new Clip(
                            row.line(),
                            row.fileName(),
                            files.get(row.fileName()).get(0),
                            row.context(),
                            Optional.ofNullable(row.label())))
                    .toList();
        }

        /** Whether a row names without extension what another one names with it. */
        private boolean isSecondRow(Metadata.Row row) {
            return !files.containsKey(row.fileName()) && stems.contains(row.fileName());
        }

        private static String stem(Path file) {
            String name = file.getFileName().toString();
            return name.substring(0, Math.max(0, name.lastIndexOf('.')));
        }

        private void requireNone(Predicate<Metadata.Row> wrong, String what, Function<Metadata.Row, String> example) {
            List<Metadata.Row> rows = metadata.rows().stream().filter(wrong).toList();
            if (!rows.isEmpty()) {
                throw new DatasetException(
                        metadata.source(),
                        rows.size() + " of " + metadata.rows().size() + " rows " + what + ", such as "
                                + examples(rows, row -> "line " + row.line() + ": " + example.apply(row)),
                        "one file for each row, and one row for each file");
            }
        }
    }

    private static <T> String examples(List<T> all, Function<T, String> text) {
        String named = all.stream()
                .limit(NAMED)
                .map(text)
                .reduce((a, b) -> a + ", " + b)
                .orElseThrow();
        return all.size() > NAMED ? named + ", ..." : named;
    }

    /**
     * The metadata file.
     *
     * @return its path, as given
     */
    public Path source() {
        return source;
    }

    /**
     * The recordings.
     *
     * @return in the metadata's order; at least one
     */
    public List<Clip> clips() {
        return clips;
    }

    /**
     * Where and when the recordings were made.
     *
     * @return one for each clip
     */
    public List<RecordingContext> contexts() {
        return clips.stream().map(Clip::context).toList();
    }

    /**
     * The clips with labels, which are made a model's: case and how words are joined do not matter.
     *
     * @param labels the model's
     * @param unlabelled what becomes of the others
     * @return a set whose clips all have one of these labels
     * @throws DatasetException naming the line if a label is not one of them, if no clip has one, or if a clip has none
     *     and that is to be refused
     */
    public Dataset labelled(List<String> labels, Unlabelled unlabelled) {
        SceneLabels known = new SceneLabels(labels);
        List<Clip> without =
                clips.stream().filter(clip -> clip.label().isEmpty()).toList();
        if (unlabelled == Unlabelled.REFUSED && !without.isEmpty()) {
            throw new DatasetException(
                    source + ": " + Metadata.SCENE_LABEL,
                    without.size() + " of " + clips.size() + " rows without a label, such as "
                            + examples(without, clip -> "line " + clip.line()),
                    "a label in each");
        }
        List<Clip> with = new ArrayList<>();
        for (Clip clip : clips) {
            if (clip.label().isPresent()) {
                String word = clip.label().get();
                String label = known.find(word)
                        .orElseThrow(() -> new DatasetException(
                                Metadata.subject(source, clip.line()) + ": " + Metadata.SCENE_LABEL,
                                Quoted.of(word),
                                "one of " + String.join(", ", labels)));
                with.add(new Clip(clip.line(), clip.name(), clip.audio(), clip.context(), Optional.of(label)));
            }
        }
        return part(with, "no row with a label", "at least one");
    }

    /**
     * The clips without a label.
     *
     * @return a set of them
     * @throws DatasetException if there are none
     */
    public Dataset unlabelled() {
        return part(
                clips.stream().filter(clip -> clip.label().isEmpty()).toList(),
                "a label in every row",
                "at least one without");
    }

    private Dataset part(List<Clip> part, String found, String expected) {
        if (part.isEmpty()) {
            throw new DatasetException(source + ": " + Metadata.SCENE_LABEL, found, expected);
        }
        return new Dataset(source, part);
    }

    /**
     * Checks that a model takes all cities, before any work.
     *
     * @param config the model's configuration
     * @throws DatasetException naming the line of the first city that it refuses
     */
    public void requireCities(ModelConfig config) {
        ContextParameters parameters = config.context();
        if (parameters == null || parameters.unknownLocation() != UnknownLocation.ERROR) {
            return;
        }
        for (Clip clip : clips) {
            Optional<String> city = clip.context().city();
            if (city.filter(parameters::knows).isEmpty()) {
                throw new DatasetException(
                        Metadata.subject(source, clip.line()) + ": " + Metadata.LOCATION,
                        city.map(Quoted::of).orElse("none"),
                        "one of " + String.join(", ", parameters.locations()) + ", as " + config.source() + " has it");
            }
        }
    }
}
