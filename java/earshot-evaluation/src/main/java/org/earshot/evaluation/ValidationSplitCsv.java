package org.earshot.evaluation;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;
import org.earshot.dataset.CsvText;
import org.earshot.dataset.Dataset;
import org.earshot.dataset.DatasetException;
import org.earshot.dataset.Metadata;
import org.earshot.dataset.RecordTime;
import org.earshot.files.AtomicFile;
import org.earshot.files.IoReason;

/** A part of a split set in the challenge's form, with the similarity as a further column. */
public final class ValidationSplitCsv {
    private static final CSVFormat FORMAT =
            CSVFormat.RFC4180.builder().setRecordSeparator('\n').get();

    private ValidationSplitCsv() {}

    /**
     * Writes or replaces a file, whole or not at all. A part without clips is a header.
     *
     * @param file where to; its folder must exist
     * @param set the set that was split
     * @param split the similarities of its clips
     * @param part positions of the clips to write
     * @throws DatasetException if it cannot be written
     */
    public static void write(Path file, Dataset set, ValidationSplit split, List<Integer> part) {
        try {
            AtomicFile.write(file, out -> {
                Writer text = new OutputStreamWriter(out, StandardCharsets.UTF_8);
                CSVPrinter csv = new CSVPrinter(text, FORMAT);
                csv.printRecord(
                        Metadata.FILE_NAME,
                        Metadata.LOCATION,
                        Metadata.RECORD_TIME,
                        Metadata.SCENE_LABEL,
                        Metadata.SIMILARITY);
                for (int position : part) {
                    Dataset.Clip clip = set.clips().get(position);
                    csv.printRecord(
                            CsvText.cell(clip.name()),
                            CsvText.cell(clip.context().city().orElse("")),
                            clip.context().time().map(RecordTime::format).orElse(""),
                            CsvText.cell(clip.label().orElse("")),
                            split.similarities().get(position));
                }
                // Not closed: that is the caller's affair.
                csv.flush();
            });
        } catch (IOException e) {
            throw new DatasetException(
                    file, "a file that cannot be written (" + IoReason.of(e) + ")", "a writable folder", e);
        }
    }
}
