package org.earshot.dataset;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.earshot.files.NearWords;
import org.earshot.files.Quoted;

/**
 * The search for each row's recording. A row gets the file of its relative path; else, of those files that no row got
 * so, the one with the most alike name (see {@link NameMatch}), and of several these the one that shares most folders
 * with it.
 */
final class FileJoin {
    private static final System.Logger LOGGER = System.getLogger(FileJoin.class.getName());

    private final Metadata metadata;
    private final Path folder;
    private final RecordingFiles found;
    private final List<NameIndex.Entry<Path>> recordings;
    private final List<NameIndex.Entry<Path>> all;
    /** What each row got; more than one if it cannot be told which. */
    private final Map<Metadata.Row, List<Path>> files = new HashMap<>();

    private final Map<Path, Metadata.Row> owners = new HashMap<>();
    /** By the row: how it got its file, where a reader would not see that the names are the same. */
    private final Map<Metadata.Row, Path> unlike = new LinkedHashMap<>();

    FileJoin(Metadata metadata, Path folder) {
        this.metadata = metadata;
        this.folder = folder;
        found = RecordingFiles.in(folder);
        recordings = names(found.recordings());
        all = names(Stream.concat(found.recordings().stream(), found.others().stream())
                .toList());
    }

    private List<NameIndex.Entry<Path>> names(List<Path> paths) {
        return paths.stream()
                .map(file -> new NameIndex.Entry<>(
                        NamePath.of(folder.relativize(file).toString()), file))
                .toList();
    }

    /**
     * Finds them.
     *
     * @return one for each row
     * @throws DatasetException if a row has none, or several, or one that another row has
     */
    Map<Metadata.Row, Path> files() {
        takePaths();
        for (NameMatch match : NameMatch.values()) {
            take(match);
        }
        found.problems().stream()
                .limit(Dataset.NAMED)
                .forEach(problem -> LOGGER.log(System.Logger.Level.WARNING, problem.getMessage()));
        requireNone(row -> !files.containsKey(row), "without a file in " + folder, this::missing);
        requireNone(
                row -> files.get(row).isEmpty(), "whose file another row has too", row -> Quoted.of(row.fileName()));
        requireNone(row -> files.get(row).size() > 1, "with several files", this::several);
        sayUnlike();
        Map<Metadata.Row, Path> single = new HashMap<>();
        files.forEach((row, paths) -> single.put(row, paths.get(0)));
        return single;
    }

    /** By relative path, which may leave out a recording's extension. */
    private void takePaths() {
        Map<String, List<Path>> paths = new HashMap<>();
        all.forEach(file -> paths.put(file.name().toString(), List.of(file.value())));
        take(paths);
        Map<String, List<Path>> stems = new HashMap<>();
        recordings.forEach(
                file -> stems.computeIfAbsent(file.name().withoutExtension().toString(), stem -> new ArrayList<>())
                        .add(file.value()));
        take(stems);
    }

    private void take(Map<String, List<Path>> byPath) {
        for (Metadata.Row row : rest()) {
            List<Path> free = free(byPath.getOrDefault(row.fileName(), List.of()));
            if (!free.isEmpty()) {
                files.put(row, free);
            }
        }
        settle();
    }

    private void take(NameMatch match) {
        // A file of any ending may be named; only those that are known by it are guessed at.
        NameIndex<Path> index =
                new NameIndex<>(match == NameMatch.EXACT ? all : recordings, (kind, name) -> kind.keyOfFile(name));
        for (Metadata.Row row : rest()) {
            NamePath name = NamePath.of(row.fileName());
            List<NameIndex.Entry<Path>> best = index.find(match, match.keyOfRow(name), name);
            List<Path> free = free(best.stream().map(NameIndex.Entry::value).toList());
            if (!free.isEmpty()) {
                files.put(row, free);
                if (!match.isSameName()) {
                    unlike.put(row, free.get(0));
                }
            } else if (best.stream().anyMatch(file -> file.name().agrees(name))) {
                // Nothing is left for it of what it names.
                files.put(row, List.of());
            }
        }
        settle();
    }

    private Collection<Metadata.Row> rest() {
        return metadata.rows().stream().filter(row -> !files.containsKey(row)).toList();
    }

    private List<Path> free(List<Path> paths) {
        return paths.stream().filter(path -> !owners.containsKey(path)).toList();
    }

    /** What rows got is theirs from now on; who comes second has nothing. */
    private void settle() {
        for (Metadata.Row row : metadata.rows()) {
            List<Path> paths = files.getOrDefault(row, List.of());
            if (paths.stream().anyMatch(path -> !owners.getOrDefault(path, row).equals(row))) {
                files.put(row, List.of());
            } else {
                paths.forEach(path -> owners.put(path, row));
            }
        }
    }

    private String missing(Metadata.Row row) {
        NamePath name = NamePath.of(row.fileName());
        Map<String, String> names = new LinkedHashMap<>();
        all.forEach(file -> names.put(file.name().stem(), file.name().base()));
        names.remove(name.stem());
        return Quoted.of(row.fileName())
                + NearWords.of(name.stem(), names.keySet()).stream()
                        .findFirst()
                        .map(names::get)
                        .map(near -> " (there is " + Quoted.of(near) + LookAlikes.difference(name.base(), near) + ")")
                        .orElse("");
    }

    private String several(Metadata.Row row) {
        List<Path> paths = files.get(row);
        String first = paths.get(0).toString();
        String second = paths.get(1).toString();
        return Quoted.plain(first) + " and " + Quoted.plain(second) + LookAlikes.difference(first, second);
    }

    private void requireNone(Predicate<Metadata.Row> wrong, String what, Function<Metadata.Row, String> example) {
        List<Metadata.Row> rows = metadata.rows().stream().filter(wrong).toList();
        if (!rows.isEmpty()) {
            throw new DatasetException(
                    metadata.source(),
                    rows.size() + " of " + metadata.rows().size() + " rows " + what + ", such as "
                            + Dataset.examples(rows, row -> "line " + row.line() + ": " + example.apply(row)),
                    "one file for each row, and one row for each file");
        }
    }

    /** Case and extension are not taken for nothing: someone should know. */
    private void sayUnlike() {
        if (!unlike.isEmpty()) {
            Map.Entry<Metadata.Row, Path> first = unlike.entrySet().iterator().next();
            LOGGER.log(
                    System.Logger.Level.WARNING,
                    metadata.source() + ": " + unlike.size() + " of "
                            + metadata.rows().size()
                            + " rows got a file whose name differs in case or extension, such as line "
                            + first.getKey().line() + ": "
                            + Quoted.of(first.getKey().fileName()) + " got "
                            + Quoted.plain(folder.relativize(first.getValue()).toString()));
        }
    }
}
