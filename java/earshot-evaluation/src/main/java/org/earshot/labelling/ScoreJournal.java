package org.earshot.labelling;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import java.util.zip.CRC32;
import org.earshot.dataset.DatasetException;
import org.earshot.files.ExclusiveFile;

/**
 * The scores of the clips done so far, so that an interrupted run goes on where it was. A text file: a line with the
 * run's identity, then a line per clip in the set's order, {@code number TAB probabilities TAB CRC-32}, each appended
 * as soon as the clip is scored. What follows the first line that is not whole is scored again.
 */
final class ScoreJournal implements AutoCloseable {
    private static final String FORMAT = "earshot-scores-1 ";

    /** Lines between two waits for the disk: what a power failure can cost. */
    private static final int LINES_AT_RISK = 64;

    /** A float in decimal, with what separates it from the next. */
    private static final int LONGEST_NUMBER = 24;

    private final Path path;
    private final FileChannel channel;
    private final int[] classes;
    private final List<float[][]> scores = new ArrayList<>();
    private int unforced;

    private ScoreJournal(Path path, FileChannel channel, int... classes) {
        this.path = path;
        this.channel = channel;
        this.classes = classes;
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
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            throw new DatasetException(path, "no regular file", "the scores of an interrupted run, or no file yet");
        }
        FileChannel channel =
                FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
        try {
            if (!ExclusiveFile.lock(channel)) {
                throw new DatasetException(path, "a file that another run is writing", "one run at a time");
            }
            ScoreJournal journal = new ScoreJournal(path, channel, classes);
            journal.read(FORMAT + identity + "\n", clips);
            return journal;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private void read(String head, int clips) throws IOException {
        long longest = head.length();
        for (int count : classes) {
            longest += (long) clips * LONGEST_NUMBER * (count + 2);
        }
        if (channel.size() > Math.min(longest, Integer.MAX_VALUE - 8)) {
            throw new DatasetException(path, channel.size() + " bytes", "the scores of an interrupted run, or no file");
        }
        byte[] bytes = new byte[(int) channel.size()];
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining() && channel.read(buffer, buffer.position()) >= 0) {
            // Until all is there.
        }
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        if (!text.startsWith(head)) {
            // A head that was cut short is a run that scored nothing.
            if (!head.startsWith(text)) {
                throw new DatasetException(
                        path,
                        "the scores of other models, recordings or metadata",
                        "those of this run; delete the file to start anew");
            }
            channel.truncate(0);
            write(head);
            return;
        }
        int end = head.length();
        while (scores.size() < clips) {
            int lineEnd = text.indexOf('\n', end);
            float[][] line = lineEnd < 0 ? null : parse(text.substring(end, lineEnd));
            if (line == null) {
                break;
            }
            scores.add(line);
            end = lineEnd + 1;
        }
        channel.truncate(end);
        channel.position(end);
    }

    /** Null if the line is not one of ours, whole, and the next. */
    private float[][] parse(String line) {
        int checksum = line.lastIndexOf('\t');
        if (checksum < 0 || !line.substring(checksum + 1).equals(checksum(line.substring(0, checksum)))) {
            return null;
        }
        String[] fields = line.substring(0, checksum).split("\t", -1);
        if (fields.length != 1 + classes.length || !fields[0].equals(Integer.toString(scores.size()))) {
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
        return values;
    }

    private static String checksum(String text) {
        CRC32 crc = new CRC32();
        crc.update(text.getBytes(StandardCharsets.ISO_8859_1));
        return String.format(Locale.ROOT, "%08x", crc.getValue());
    }

    /**
     * The scores so far.
     *
     * @return {@code [models][classes]} of each clip, in order
     */
    List<float[][]> scores() {
        return scores;
    }

    /** Adds the next clip's. */
    void add(float[]... clip) throws IOException {
        StringBuilder line = new StringBuilder().append(scores.size());
        for (float[] model : clip) {
            StringJoiner numbers = new StringJoiner(" ", "\t", "");
            for (float value : model) {
                numbers.add(Float.toString(value));
            }
            line.append(numbers);
        }
        write(line + "\t" + checksum(line.toString()) + "\n");
        scores.add(clip);
        if (++unforced == LINES_AT_RISK) {
            channel.force(false);
            unforced = 0;
        }
    }

    private void write(String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
