package org.earshot.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.earshot.evaluation.Evaluation;
import org.earshot.evaluation.SceneDistribution;
import org.earshot.files.AtomicFile;
import org.earshot.files.IoReason;
import org.earshot.parity.ParityResult;

/**
 * An evaluation, or another result, as one HTML page that needs nothing else: no network, no script, no font, no other
 * file.
 *
 * <p>Names from files (of cities, clips, classes, models) are shown as text and never as markup.
 */
public final class HtmlReport {
    private HtmlReport() {}

    /**
     * Writes or replaces the page about one or several models.
     *
     * @param file where to; its folder must exist
     * @param evaluation what is shown
     * @param spectrograms the features of the clips the models were wrong about
     * @param timelines likewise of the recordings that are longer than a clip
     * @throws ReportException if the file cannot be written; what was there before is then still there
     * @throws org.earshot.error.EarshotException if the features of a clip cannot be had; the same
     */
    public static void write(Path file, Evaluation evaluation, Spectrograms spectrograms, Timelines timelines) {
        write(file, EvaluationPage.of(evaluation, spectrograms, timelines));
    }

    /**
     * Writes or replaces the page about where and when the parts of a set were recorded.
     *
     * @param file where to; its folder must exist
     * @param set what was split, for the heading
     * @param parts what is shown, by name and in this order
     * @throws ReportException if the file cannot be written; what was there before is then still there
     */
    public static void write(Path file, String set, Map<String, SceneDistribution> parts) {
        write(file, DistributionSection.page(set, parts));
    }

    /**
     * Writes or replaces the page about how far a backend is from PyTorch.
     *
     * @param file where to; its folder must exist
     * @param results what is shown, at least one
     * @throws ReportException if the file cannot be written; what was there before is then still there
     */
    public static void writeParity(Path file, List<ParityResult> results) {
        write(file, ParityPage.of(results));
    }

    private static void write(Path file, String page) {
        try {
            AtomicFile.write(file, out -> out.write(page.getBytes(StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new ReportException(
                    file, "a file that cannot be written (" + IoReason.of(e) + ")", "a writable folder", e);
        }
    }
}
