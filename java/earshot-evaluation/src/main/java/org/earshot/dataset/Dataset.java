package org.earshot.dataset;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.earshot.RecordingContext;
import org.earshot.files.NearWords;
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
    static final int NAMED = 3;

    /**
     * One recording.
     *
     * @param line its line in the metadata, for messages
     * @param name as the metadata have it, with folders if they give any; unique in the set
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
        Map<Metadata.Row, Path> files = new FileJoin(metadata, folder).files();
        return new Dataset(
                metadata.source(),
                metadata.rows().stream()
                        .map(row -> new Clip(
                                row.line(),
                                row.fileName(),
                                files.get(row),
                                row.context(),
                                Optional.ofNullable(row.label())))
                        .toList());
    }

    /**
     * Takes recordings that are known from elsewhere.
     *
     * @param source what messages call the set
     * @param clips each with another name, at least one
     * @return the set
     * @throws DatasetException if there is none
     */
    public static Dataset of(Path source, List<Clip> clips) {
        if (clips.isEmpty()) {
            throw new DatasetException(source, "no recording", "at least one");
        }
        return new Dataset(source, clips);
    }

    static <T> String examples(List<T> all, Function<T, String> text) {
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

    /**
     * The clips that can be read.
     *
     * @param part some of this set's clips
     * @return a set of them, in this set's order
     * @throws DatasetException if there are none
     */
    Dataset readable(Collection<Clip> part) {
        if (part.isEmpty()) {
            throw new DatasetException(source, "no recording that can be read, of " + clips.size(), "at least one");
        }
        if (part.size() == clips.size()) {
            return this;
        }
        Set<Clip> kept = new HashSet<>(part);
        return new Dataset(source, clips.stream().filter(kept::contains).toList());
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
                        "one of " + String.join(", ", parameters.locations()) + ", as " + config.source() + " has it"
                                + city.map(name -> NearWords.hint(name, parameters.locations()))
                                        .orElse(""));
            }
        }
    }

    /**
     * The cities that a model does not know, for which it takes what its configuration's {@code unknown_location} says.
     *
     * @param config the model's configuration
     * @return what is to be said of them; empty if there are none, or the model takes no city
     */
    public Optional<String> unknownCities(ModelConfig config) {
        return UnknownCities.of(config, clips.stream().flatMap(clip -> clip.context().city().stream()))
                .map(cities -> source + ": " + Metadata.LOCATION + ": " + cities);
    }
}
