package org.earshot.labelling;

import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.zip.CRC32;
import org.earshot.dataset.DatasetException;
import org.earshot.files.PositionedFile;

/**
 * The scores of the clips done so far, so that an interrupted run goes on where it was. A text file: a line with the
 * run's identity, then a line per clip in the set's order, {@code number TAB probabilities TAB CRC-32}, each appended
 * as soon as the clip is scored; {@code number TAB ! TAB reason TAB CRC-32}, the reason URL-encoded, for one whose
 * recording cannot be read. What follows the first line that is not whole is scored again.
 */
final class ScoreJournal implements AutoCloseable {
    private static final String FORMAT = "earshot-scores-2 ";

    /** Lines between two waits for the disk: what a power failure can cost. */
    private static final int LINES_AT_RISK = 64;

    /** A float in decimal, with what separates it from the next. */
    private static final int LONGEST_NUMBER = 24;

    private static final String UNREADABLE = "!";

    /** Characters of a reason that are kept, encoded. */
    private static final int LONGEST_REASON = 3000;

    private final Path path;
    private final PositionedFile content;
    private final int[] classes;
    private final List<Line> lines = new ArrayList<>();
    private long end;
    private int unforced;

    private ScoreJournal(Path path, PositionedFile content, int... classes) {
        this.path = path;
        this.content = content;
        this.classes = classes;
    }

    /** What is known of a clip: its scores, or why its recording cannot be read. */
    static final class Line {
        private final float[][] scores;
        private final String unreadable;

        private Line(float[][] scores, String unreadable) {
            this.scores = scores;
            this.unreadable = unreadable;
        }

        /** {@code [models][classes]}; null if the recording cannot be read. */
        float[][] scores() {
            return scores;
        }

        /** Why the recording cannot be read; null if it can. */
        String unreadable() {
            return unreadable;
        }
    }

    /**
     * Opens a journal, or starts one.
     *
     * @param path the file
     * @param identity digest of all that the scores depend on, in hexadecimal
     * @param clips how many there will be at most
     * @param classes of each model
     * @throws DatasetException if the file is the journal of another run, is being written by one, or is none
     */
    static ScoreJournal open(Path path, String identity, int clips, int... classes) throws IOException {
        Optional<String> obstacle = PositionedFile.obstacle(path);
        if (obstacle.isPresent()) {
            throw new DatasetException(path, obstacle.get(), "the scores of an interrupted run, or no file yet");
        }
        PositionedFile content = PositionedFile.claim(path)
                .orElseThrow(() -> new DatasetException(
                        path,
                        "a file that another run is writing",
                        "one run at a time; start again when the other has ended"));
        try {
            ScoreJournal journal = new ScoreJournal(path, content, classes);
            journal.read(FORMAT + identity + "\n", clips);
            return journal;
        } catch (IOException | RuntimeException e) {
            content.close();
            throw e;
        }
    }

    private void read(String head, int clips) throws IOException {
        long line = LONGEST_REASON;
        for (int count : classes) {
            line += (long) LONGEST_NUMBER * (count + 2);
        }
        long longest = head.length() + clips * line;
        if (content.size() > Math.min(longest, Integer.MAX_VALUE - 8)) {
            throw new DatasetException(path, content.size() + " bytes", "the scores of an interrupted run, or no file");
        }
        byte[] bytes = new byte[(int) content.size()];
        content.readFully(ByteBuffer.wrap(bytes), 0);
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        if (!text.startsWith(head)) {
            // A head that was cut short is a run that scored nothing.
            if (!head.startsWith(text)) {
                throw new DatasetException(
                        path,
                        "the scores of other models, recordings, metadata or limits",
                        "those of this run; delete the file to start anew");
            }
            write(head);
            return;
        }
        end = head.length();
        while (lines.size() < clips) {
            int lineEnd = text.indexOf('\n', (int) end);
            Line parsed = lineEnd < 0 ? null : parse(text.substring((int) end, lineEnd));
            if (parsed == null) {
                break;
            }
            lines.add(parsed);
            end = lineEnd + 1L;
        }
        content.truncate(end);
    }

    /** Null if the line is not one of ours, whole, and the next. */
    private Line parse(String line) {
        int checksum = line.lastIndexOf('\t');
        if (checksum < 0 || !line.substring(checksum + 1).equals(checksum(line.substring(0, checksum)))) {
            return null;
        }
        String[] fields = line.substring(0, checksum).split("\t", -1);
        if (!fields[0].equals(Integer.toString(lines.size()))) {
            return null;
        }
        if (fields.length == 3 && fields[1].equals(UNREADABLE)) {
            return unreadable(fields[2]);
        }
        if (fields.length != 1 + classes.length) {
            return null;
        }
        float[][] values = new float[classes.length][];
        for (int model = 0; model < classes.length; model++) {
            String[] numbers = fields[1 + model].split(" ", -1);
            if (numbers.length != classes[model]) {
                return null;
            }
            values[model] = new float[numbers.length];
            for (int i = 0; i < numbers.length; i++) {
                try {
                    values[model][i] = Float.parseFloat(numbers[i]);
                } catch (NumberFormatException e) {
                    return null;
                }
                if (!Float.isFinite(values[model][i])) {
                    return null;
                }
            }
        }
        return new Line(values, null);
    }

    private static Line unreadable(String encoded) {
        try {
            return new Line(null, URLDecoder.decode(encoded, StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static String checksum(String text) {
        CRC32 crc = new CRC32();
        crc.update(text.getBytes(StandardCharsets.ISO_8859_1));
        return String.format(Locale.ROOT, "%08x", crc.getValue());
    }

    /**
     * What is known so far.
     *
     * @return one for each clip, in order
     */
    List<Line> lines() {
        return lines;
    }

    /** Adds the next clip's scores, {@code [models][classes]}. */
    void add(float[]... clip) throws IOException {
        StringBuilder line = new StringBuilder();
        for (float[] model : clip) {
            StringJoiner numbers = new StringJoiner(" ", "\t", "");
            for (float value : model) {
                numbers.add(Float.toString(value));
            }
            line.append(numbers);
        }
        append(line.toString(), new Line(clip, null));
    }

    /** Notes that the next clip's recording cannot be read. */
    void addUnreadable(String reason) throws IOException {
        // A third of it may be kept whatever the characters: nine for one of three bytes.
        String kept = reason.substring(0, Math.min(reason.length(), LONGEST_REASON / 9 - 1));
        append("\t" + UNREADABLE + "\t" + URLEncoder.encode(kept, StandardCharsets.UTF_8), new Line(null, reason));
    }

    private void append(String fields, Line line) throws IOException {
        String text = lines.size() + fields;
        write(text + "\t" + checksum(text) + "\n");
        lines.add(line);
        if (++unforced == LINES_AT_RISK) {
            content.force();
            unforced = 0;
        }
    }

    private void write(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        content.writeFully(ByteBuffer.wrap(bytes), end);
        end += bytes.length;
    }

    @Override
    public void close() throws IOException {
        content.close();
    }
}
