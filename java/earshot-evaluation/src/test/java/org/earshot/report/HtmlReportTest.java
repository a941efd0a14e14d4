package org.earshot.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.earshot.evaluation.ClassScore;
import org.earshot.evaluation.Evaluation;
import org.earshot.evaluation.ModelEvaluation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class HtmlReportTest {
    /** What names from files may hold to break out of the text they are put into. */
    private static final String HOSTILE = "</title></style><script>alert('1')</script>\"&amp;\u0001\u202Eevil";

    /** A report is read on telephones too: three models with ten mistakes each. */
    private static final long LARGEST_PAGE = 1_500_000;

    @TempDir
    private Path folder;

    @Test
    void pageIsWellFormedAndNeedsNothingElse() throws Exception {
        Document page = page(SampleEvaluation.usual());

        assertEquals(
                "Evaluation on ChinaCityScene2024_valid.csv", text(page, "h1").get(0));
        for (Element link : elements(page, "a")) {
            assertTrue(link.getAttribute("href").startsWith("#"), link.getAttribute("href"));
        }
        for (Element image : elements(page, "image")) {
            assertTrue(image.getAttribute("href").startsWith("data:image/png;base64,"));
        }
        assertEquals(0, elements(page, "script").size());
        assertEquals(0, elements(page, "link").size());
        assertTrue(Files.size(folder.resolve("report.html")) < LARGEST_PAGE);
    }

    @Test
    void everyChartSaysWhatItShows() throws Exception {
        Document page = page(SampleEvaluation.usual());

        List<Element> charts = elements(page, "svg");
        assertFalse(charts.isEmpty());
        for (Element chart : charts) {
            assertEquals("img", chart.getAttribute("role"));
            assertFalse(elements(chart, "title").get(0).getTextContent().isBlank());
        }
        for (Element table : elements(page, "table")) {
            assertFalse(elements(table, "caption").get(0).getTextContent().isBlank());
        }
    }

    @Test
    void tablesHoldTheFigures() throws Exception {
        Evaluation evaluation = SampleEvaluation.usual();
        List<String> cells = text(page(evaluation), "td");

        for (ModelEvaluation model : evaluation.models()) {
            assertHolds(cells, percent(model.accuracy().value()));
            assertHolds(cells, percent(model.macroAccuracy().value()));
            for (ClassScore score : model.classes()) {
                assertHolds(cells, percent(score.recall()));
            }
        }
    }

    @Test
    void confusionsHoldEveryCount() throws Exception {
        Evaluation evaluation = SampleEvaluation.usual();
        List<String> texts = text(page(evaluation), "text");

        for (ModelEvaluation model : evaluation.models()) {
            for (List<Integer> row : model.confusion().counts()) {
                for (int count : row) {
                    assertTrue(count == 0 || texts.contains(Integer.toString(count)), Integer.toString(count));
                }
            }
        }
    }

    @Test
    void namesFromFilesStayText() throws Exception {
        List<String> names = List.of(HOSTILE, "b");
        SampleEvaluation sample = new SampleEvaluation(names, names, 40);
        Document page = page(sample.of(HOSTILE, List.of(sample.model(HOSTILE, 0.5, true))));

        assertEquals(0, elements(page, "script").size());
        assertTrue(text(page, "h1").get(0).contains("<script>alert('1')</script>"));
    }

    @Test
    void smallestSetsAreDrawn() throws Exception {
        SampleEvaluation one = new SampleEvaluation(List.of("Bus"), List.of(), 1);
        page(one.of("one.csv", List.of(one.model("m", 1, false))));
        List<String> many = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            many.add("a scene with a rather long name, number " + i);
        }
        SampleEvaluation large = new SampleEvaluation(many, many, 3000);
        page(large.of("many.csv", List.of(large.model("m", 0.4, true))));
    }

    @Test
    void classWithoutClipsHasDashes() throws Exception {
        SampleEvaluation sample = new SampleEvaluation(List.of("Bus", "Bar"), List.of("Jinan"), 10);
        ModelEvaluation model = sample.model("m", 0.5, false);
        ModelEvaluation without = new ModelEvaluation(
                model.model(),
                model.accuracy(),
                model.macroAccuracy(),
                List.of(model.classes().get(0), new ClassScore("Bar", 0, Double.NaN, Double.NaN, Double.NaN)),
                model.confusion(),
                model.cities(),
                model.hours(),
                model.calibration(),
                model.mistakes(),
                model.curves());
        Document page = page(sample.of("s", List.of(without)));

        assertFalse(page.getDocumentElement().getTextContent().contains("NaN"));
        assertTrue(text(page, "td").contains("–"));
    }

    @Test
    void distributionHasAPageOfItsOwn() throws Exception {
        Path file = folder.resolve("split.html");
        SampleEvaluation sample = new SampleEvaluation(SampleEvaluation.LABELS, SampleEvaluation.CITIES, 100);
        HtmlReport.write(file, "set.csv", Map.of("Valid-Easy", sample.distribution()));

        assertTrue(parse(file).getDocumentElement().getTextContent().contains("Valid-Easy"));
    }

    @Test
    void missingFolderIsAnError() {
        Path file = folder.resolve("none").resolve("report.html");

        ReportException e = assertThrows(
                ReportException.class,
                () -> HtmlReport.write(file, SampleEvaluation.usual(), new SampleEvaluation.Noise()));
        assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
    }

    private Document page(Evaluation evaluation) throws Exception {
        Path file = folder.resolve("report.html");
        HtmlReport.write(file, evaluation, new SampleEvaluation.Noise());
        return parse(file);
    }

    private static Document parse(Path file) throws Exception {
        // The page is XML too, so that a parser that forgives nothing can read it.
        String page = Files.readString(file, StandardCharsets.UTF_8);
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(page.getBytes(StandardCharsets.UTF_8)));
    }

    private static List<Element> elements(Document page, String name) {
        return elements(page.getDocumentElement(), name);
    }

    private static List<Element> elements(Element parent, String name) {
        NodeList nodes = parent.getElementsByTagName(name);
        List<Element> found = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            found.add((Element) nodes.item(i));
        }
        return found;
    }

    private static List<String> text(Document page, String name) {
        return elements(page, name).stream()
                .map(element -> element.getTextContent().strip())
                .toList();
    }

    private static String percent(double share) {
        return String.format(java.util.Locale.ROOT, "%.1f", 100 * share);
    }

    private static void assertHolds(List<String> cells, String figure) {
        assertTrue(cells.stream().anyMatch(cell -> cell.contains(figure)), figure + " is in no cell");
    }
}
