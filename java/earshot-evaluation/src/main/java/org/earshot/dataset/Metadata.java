package org.earshot.dataset;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.earshot.RecordingContext;
import org.earshot.files.IoReason;
import org.earshot.files.Quoted;

/**
 * Metadata of recordings in the challenge's form: a header {@code filename,location,record_time,scene_label}, then a
 * row per recording. A byte-order mark and quoted fields are accepted; the columns may stand in any order, and the
 * label may be empty or its column missing. Rows are found by relative path, else by file name, see {@link #row}.
 *
 * <p>The columns that pseudo-labelling adds ({@link #CONFIDENCE}, {@link #STEP}, {@link #FIRST_LABEL},
 * {@link #SECOND_LABEL}, and a {@link #PROBABILITY}-prefixed one per class) and the one that splitting adds
 * ({@link #SIMILARITY}) may be there and are not read. Any other column is an error: it is more likely a misspelt one.
 */
public final class Metadata {
    /** Column: the recording's file name, folders before it or not; its extension may be left out. */
    public static final String FILE_NAME = "filename";

    /** Column: the city. */
    public static final String LOCATION = "location";

    /** Column: the local time. */
    public static final String RECORD_TIME = "record_time";

    /** Column: the scene. */
    public static final String SCENE_LABEL = "scene_label";

    /** Column of pseudo-labels: the probability of the first model's answer. */
    public static final String CONFIDENCE = "confidence";

    /** Column of pseudo-labels: the step that kept the clip, 1 or 2. */
    public static final String STEP = "step";

    /** Column of pseudo-labels: the first model's answer. */
    public static final String FIRST_LABEL = "first_label";

    /** Column of pseudo-labels: the second model's answer, empty if there is no second model. */
    public static final String SECOND_LABEL = "second_label";

    /** Column of validation splits: the cosine similarity to the evaluation set. */
    public static final String SIMILARITY = "similarity";

    /** Prefix of the columns of soft pseudo-labels, before the class's name: the first model's probability of it. */
    public static final String PROBABILITY = "p:";

    private static final List<String> REQUIRED = List.of(FILE_NAME, LOCATION, RECORD_TIME);
    private static final Set<String> ADDED = Set.of(CONFIDENCE, STEP, FIRST_LABEL, SECOND_LABEL, SIMILARITY);
    private static final Pattern CONTROL_CHARACTER = Pattern.compile("\\p{Cntrl}");
    private static final String FORM = String.join(",", REQUIRED) + "," + SCENE_LABEL;

    private static final int MOST_ROWS = 1_000_000;

    /** Room for as many rows. */
    private static final int LARGEST_FILE = 1 << 26;

    /**
     * What is known of one recording.
     *
     * @param line where its row ends in the file, the header being line 1
     * @param fileName its name, with the folders that the file gives, separated by slashes
     * @param location city, or null if the field is empty
     * @param time local time, or null if the field is empty
     * @param label its scene, or null if the field is empty
     */
    public record Row(long line, String fileName, String location, LocalDateTime time, String label) {
        /**
         * City and time.
         *
         * @return what a classifier wants of them
         */
        public RecordingContext context() {
            return RecordingContext.of(location, time);
        }
    }

    private final Path source;
    private final Map<String, Row> rows;
    private final NameIndex<Row> index;

    private Metadata(Path source, Map<String, Row> rows) {
        this.source = source;
        this.rows = rows;
        index = new NameIndex<>(
                rows.values().stream()
                        .map(row -> new NameIndex.Entry<>(NamePath.of(row.fileName()), row))
                        .toList(),
                NameMatch::keyOfRow);
    }

    /**
     * Reads a file.
     *
     * @param file CSV in UTF-8
     * @return its rows
     * @throws DatasetException naming file, line and field if anything is wrong
     */
    public static Metadata read(Path file) {
        Map<String, Row> rows = new LinkedHashMap<>();
        try (RecordReader reader = reader(file);
                CSVParser parser = CSVFormat.DEFAULT
                        .builder()
                        .setIgnoreEmptyLines(true)
                        .get()
                        .parse(reader)) {
            Columns columns = null;
            for (CSVRecord values : parser) {
                // The record's own number counts records; a quoted field may span lines.
                long line = parser.getCurrentLineNumber();
                String subject = subject(file, line);
                if (columns == null) {
                    columns = Columns.of(subject, values);
                    reader.startRecord();
                    continue;
                }
                reader.startRecord();
                if (rows.size() == MOST_ROWS) {
                    throw new DatasetException(subject, "more than " + MOST_ROWS + " rows", "fewer; split the file");
                }
                Row row = columns.row(subject, line, values);
                if (rows.putIfAbsent(row.fileName(), row) != null) {
                    throw new DatasetException(
                            subject + ": " + FILE_NAME, Quoted.of(row.fileName()) + " again", "every file once");
                }
            }
            if (columns == null) {
                throw new DatasetException(file, "no header", FORM);
            }
        } catch (IOException e) {
            throw malformed(file, e);
        } catch (UncheckedIOException e) {
            throw malformed(file, e.getCause());
        }
        return new Metadata(file, rows);
    }

    private static RecordReader reader(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new DatasetException(file, Files.exists(file) ? "no regular file" : "no such file", "a CSV file");
        }
        long bytes = Files.size(file);
        if (bytes > LARGEST_FILE) {
            throw new DatasetException(file, bytes + " bytes", "metadata of at most " + LARGEST_FILE);
        }
        // A decoder that reports malformed UTF-8 instead of replacing it.
        return new RecordReader(
                new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8.newDecoder()), LARGEST_FILE);
    }

    private static DatasetException malformed(Path file, IOException e) {
        return new DatasetException(
                file, "text that cannot be read (" + IoReason.of(e) + ")", "CSV in UTF-8: " + FORM, e);
    }

    /** Where each column stands. */
    private record Columns(Map<String, Integer> indices, int count) {
        static Columns of(String subject, CSVRecord header) {
            Map<String, Integer> indices = new LinkedHashMap<>();
            List<String> names = new ArrayList<>();
            header.forEach(name -> names.add(name.strip()));
            for (int i = 0; i < names.size(); i++) {
                String name = names.get(i);
                boolean known = REQUIRED.contains(name)
                        || name.equals(SCENE_LABEL)
                        || ADDED.contains(name)
                        || (name.startsWith(PROBABILITY) && name.length() > PROBABILITY.length());
                if (!known || indices.putIfAbsent(name, i) != null) {
                    throw new DatasetException(subject + ": header", (known ? "twice " : "") + Quoted.of(name), FORM);
                }
            }
            if (!indices.keySet().containsAll(REQUIRED)) {
                throw new DatasetException(subject + ": header", Quoted.of(String.join(",", names)), FORM);
            }
            return new Columns(indices, names.size());
        }

        Row row(String subject, long line, CSVRecord values) {
            if (values.size() != count) {
                throw new DatasetException(subject, values.size() + " fields", Integer.toString(count));
            }
            String file = text(subject, FILE_NAME, values);
            String name = NamePath.of(file).toString();
            if (name.isEmpty()) {
                throw new DatasetException(subject + ": " + FILE_NAME, Quoted.of(file), "a file's name");
            }
            String time = values.get(indices.get(RECORD_TIME)).strip();
            return new Row(
                    line,
                    name,
                    emptyToNull(text(subject, LOCATION, values)),
                    time.isEmpty()
                            ? null
                            : RecordTime.parse(time)
                                    .orElseThrow(() -> new DatasetException(
                                            subject + ": " + RECORD_TIME, Quoted.of(time), RecordTime.FORMS)),
                    indices.containsKey(SCENE_LABEL) ? emptyToNull(text(subject, SCENE_LABEL, values)) : null);
        }

        /** A field of text, as it was before a spreadsheet's formulas were taken out of it. */
        private String text(String subject, String column, CSVRecord values) {
            String text = CsvText.original(values.get(indices.get(column)).strip());
            if (CONTROL_CHARACTER.matcher(text).find()) {
                throw new DatasetException(subject + ": " + column, Quoted.of(text), "text without control characters");
            }
            return text;
        }

        private static String emptyToNull(String value) {
            return value.isBlank() ? null : value;
        }
    }

    /**
     * The file it was read from.
     *
     * @return its path, as given
     */
    public Path source() {
        return source;
    }

    /** What messages call a line of the file. */
    static String subject(Path file, long line) {
        return file + ": line " + line;
    }

    /**
     * All rows.
     *
     * @return in the file's order
     */
    public Collection<Row> rows() {
        return Collections.unmodifiableCollection(rows.values());
    }

    /**
     * The row of a recording. First that whose name is the end of the recording's path; else that with the same file
     * name, and of several of these the one that shares most folders with the path. A row may leave out the extension,
     * as the challenge's do, and Unicode's composed and decomposed forms are the same.
     *
     * @param recording the audio file
     * @return its row, if there is one
     * @throws DatasetException if several rows fit equally well
     */
    public Optional<Row> row(Path recording) {
        NamePath path = NamePath.of(recording.toAbsolutePath().normalize().toString());
        Row named = longestEnd(path);
        if (named == null) {
            named = longestEnd(path.withoutExtension());
        }
        return named == null ? row(recording, path) : Optional.of(named);
    }

    /** The row that has most of a path's end as its name. */
    private Row longestEnd(NamePath path) {
        String end = path.toString();
        while (true) {
            Row row = rows.get(end);
            int slash = end.indexOf('/');
            if (row != null || slash < 0) {
                return row;
            }
            end = end.substring(slash + 1);
        }
    }

    private Optional<Row> row(Path recording, NamePath path) {
        for (NameMatch match : NameMatch.values()) {
            if (match.isSameName()) {
                List<NameIndex.Entry<Row>> found = index.find(match, match.keyOfFile(path), path);
                if (found.size() > 1) {
                    throw new DatasetException(
                            source,
                            found.size() + " rows for " + recording + ", lines "
                                    + found.get(0).value().line() + " and "
                                    + found.get(1).value().line(),
                            "folders in " + FILE_NAME + " that tell them apart");
                }
                if (!found.isEmpty()) {
                    return Optional.of(found.get(0).value());
                }
            }
        }
        return Optional.empty();
    }

    /**
     * What a message may add about a recording without a row.
     *
     * @param recording the audio file
     * @return such as {@code ; line 3 has "Street.WAV"}; empty if no row has a name like it
     */
    public String hint(Path recording) {
        NamePath path = NamePath.of(recording.toString());
        for (NameMatch match : NameMatch.values()) {
            for (NameIndex.Entry<Row> near : index.find(match, match.keyOfFile(path), path)) {
                return "; line " + near.value().line() + " has "
                        + Quoted.of(near.value().fileName())
                        + LookAlikes.difference(path.base(), near.name().base());
            }
        }
        return "";
    }
}
