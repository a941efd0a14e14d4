package org.earshot.labelling;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;
import org.earshot.dataset.CsvText;
import org.earshot.dataset.Dataset;
import org.earshot.dataset.Metadata;
import org.earshot.dataset.RecordTime;
import org.earshot.files.AtomicFile;

/** Writes the labels that were kept, in the set's order, as {@link Metadata} reads them. */
final class PseudoLabelCsv {
    private static final CSVFormat FORMAT =
            CSVFormat.RFC4180.builder().setRecordSeparator('\n').get();

    private PseudoLabelCsv() {}

    /**
     * Writes or replaces a file, whole or not at all.
     *
     * @param softLabels the first model's labels, if its probabilities are wanted; else empty
     */
    static void write(
            Path file,
            List<Dataset.Clip> clips,
            List<Answer> answers,
            List<Step> steps,
            List<String> softLabels,
            List<float[][]> scores)
            throws IOException {
        AtomicFile.write(file, out -> {
            Writer text = new OutputStreamWriter(out, StandardCharsets.UTF_8);
            CSVPrinter csv = new CSVPrinter(text, FORMAT);
            csv.printRecord(header(softLabels));
            for (int i = 0; i < clips.size(); i++) {
                if (steps.get(i) != Step.DROPPED) {
                    List<Object> row = row(clips.get(i), answers.get(i), steps.get(i));
                    for (int label = 0; label < softLabels.size(); label++) {
                        row.add(scores.get(i)[0][label]);
                    }
                    csv.printRecord(row);
                }
            }
            // Not closed: that is the caller's affair.
            csv.flush();
        });
    }

    private static List<String> header(List<String> softLabels) {
        List<String> names = new ArrayList<>(List.of(
                Metadata.FILE_NAME,
                Metadata.LOCATION,
                Metadata.RECORD_TIME,
                Metadata.SCENE_LABEL,
                Metadata.CONFIDENCE,
                Metadata.STEP,
                Metadata.FIRST_LABEL,
                Metadata.SECOND_LABEL));
        softLabels.forEach(label -> names.add(CsvText.cell(Metadata.PROBABILITY + label)));
        return names;
    }

    private static List<Object> row(Dataset.Clip clip, Answer answer, Step step) {
        List<Object> cells = new ArrayList<>();
        cells.add(CsvText.cell(clip.name()));
        cells.add(CsvText.cell(clip.context().city().orElse("")));
        cells.add(clip.context().time().map(RecordTime::format).orElse(""));
        cells.add(CsvText.cell(answer.first()));
        cells.add(answer.confidence());
        cells.add(step == Step.FIRST ? 1 : 2);
        cells.add(CsvText.cell(answer.first()));
        cells.add(CsvText.cell(answer.second().orElse("")));
        return cells;
    }
}
