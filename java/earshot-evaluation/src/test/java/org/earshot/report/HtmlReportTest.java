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
import java.util.Locale;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.earshot.evaluation.Calibration;
import org.earshot.evaluation.ClassScore;
import org.earshot.evaluation.Estimate;
import org.earshot.evaluation.Evaluation;
import org.earshot.evaluation.GroupScore;
import org.earshot.evaluation.Interval;
import org.earshot.evaluation.Mistake;
import org.earshot.evaluation.ModelEvaluation;
import org.earshot.evaluation.RobustnessCurve;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class HtmlReportTest {
    /** What names from files may hold to break out of the text they are put into. */
    private static final String HOSTILE = "</title></style><script>alert('1')</script>\"&amp;\u0001\u202Eevil";

    /** A report is read on telephones too: three models with ten mistakes each. */
    private static final long LARGEST_PAGE = 1_000_000;

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
    void summaryHoldsEveryModelsFigures() throws Exception {
        Evaluation evaluation = SampleEvaluation.usual();
        List<List<String>> rows = rows(page(evaluation), "Models on the same clips");

        assertEquals(evaluation.models().size(), rows.size());
        for (int i = 0; i < rows.size(); i++) {
            ModelEvaluation model = evaluation.models().get(i);
            assertEquals(
                    List.of(
                            model.model(),
                            percent(model.accuracy().value()),
                            interval(model.accuracy().wilson()),
                            interval(model.accuracy()),
                            percent(model.macroAccuracy().value()),
                            interval(model.macroAccuracy().wilson()),
                            interval(model.macroAccuracy()),
                            loss(model.logLoss().mean()),
                            loss(model.logLoss().macro()),
                            percent(model.calibration().expectedError())),
                    rows.get(i));
        }
    }

    @Test
    void classesHoldEveryModelsFigures() throws Exception {
        Evaluation evaluation = SampleEvaluation.usual();
        List<List<String>> rows = rows(page(evaluation), "Recall, precision and F1");

        for (int i = 0; i < rows.size(); i++) {
            List<String> expected = new ArrayList<>();
            for (ModelEvaluation model : evaluation.models()) {
                ClassScore score = model.classes().get(i);
                if (expected.isEmpty()) {
                    expected.addAll(List.of(score.label(), Integer.toString(score.clips())));
                }
                expected.addAll(List.of(percent(score.recall()), percent(score.precision()), percent(score.f1())));
            }
            assertEquals(expected, rows.get(i));
        }
        assertEquals(SampleEvaluation.LABELS.size(), rows.size());
    }

    /** In the drawing row by row, and once more in the table below. */
    @Test
    void confusionsHoldEveryCount() throws Exception {
        Evaluation evaluation = SampleEvaluation.usual();
        Document page = page(evaluation);

        for (ModelEvaluation model : evaluation.models()) {
            String title = "Answers of " + model.model() + " by true class";
            List<String> drawn = drawn(page, title, "count");
            List<String> counts = new ArrayList<>();
            List<List<String>> rows = rows(page, title);
            for (int truth = 0; truth < rows.size(); truth++) {
                List<String> row = strings(model.confusion().counts().get(truth));
                counts.addAll(row);
                assertEquals(row, rows.get(truth).subList(1, 1 + row.size()));
            }
            assertEquals(counts, drawn);
        }
    }

    @Test
    void citiesAndHoursHaveABarWithItsFigures() throws Exception {
        Evaluation evaluation = SampleEvaluation.usual();
        Document page = page(evaluation);

        for (ModelEvaluation model : evaluation.models()) {
            for (String kind : List.of("city", "hour")) {
                List<String> expected = new ArrayList<>();
                for (GroupScore group : kind.equals("city") ? model.cities() : model.hours()) {
                    String share = percent((double) group.correct() / group.clips());
                    expected.add(group.group());
                    expected.add(share.replace("\u00A0%", ""));
                    expected.add(Integer.toString(group.clips()));
                }
                String title = "Accuracy of " + model.model() + " by " + kind;
                List<String> drawn = drawn(page, title, "end");
                // The headings of the two columns of figures come first.
                assertEquals(expected, drawn.subList(2, drawn.size()));
            }
        }
    }

    @Test
    void wrongContextHasEveryPoint() throws Exception {
        Evaluation evaluation = SampleEvaluation.usual();
        Document page = page(evaluation);

        List<List<String>> rows = rows(page, "Shuffled city and time");
        for (int i = 0; i < rows.size(); i++) {
            List<String> expected = new ArrayList<>();
            // The third model has no context.
            for (ModelEvaluation model : evaluation.models().subList(0, 2)) {
                RobustnessCurve.Point point = model.curves().get(0).points().get(i);
                if (expected.isEmpty()) {
                    expected.add(point.percent() + "\u00A0%");
                }
                expected.add(spread(point.accuracy(), point.accuracySpread()));
                expected.add(spread(point.macroAccuracy(), point.macroAccuracySpread()));
                expected.add(Integer.toString(point.runs()));
            }
            assertEquals(expected, rows.get(i));
        }
        Element chart = chart(page, "Accuracy, Unseen city");
        long marks = elements(chart, "path").stream()
                .filter(path -> path.getAttribute("class").startsWith("mark"))
                .count();
        // Seven points and a sample in the legend, of two models.
        assertEquals(2 * (7 + 1), marks);
        assertTrue(chart.getTextContent().contains("ascmamba-without-context (no context)"));
    }

    @Test
    void reliabilityHoldsEveryBin() throws Exception {
        Evaluation evaluation = SampleEvaluation.usual();
        Document page = page(evaluation);

        for (ModelEvaluation model : evaluation.models()) {
            List<List<String>> rows = rows(page, "Reliability of " + model.model());
            assertEquals(model.calibration().bins().size(), rows.size());
            for (int i = 0; i < rows.size(); i++) {
                Calibration.Bin bin = model.calibration().bins().get(i);
                assertEquals(
                        List.of(Integer.toString(bin.clips()), percent(bin.confidence()), percent(bin.accuracy())),
                        rows.get(i).subList(1, 4));
            }
        }
    }

    @Test
    void distributionHoldsEveryCount() throws Exception {
        Evaluation evaluation = SampleEvaluation.usual();
        Document page = page(evaluation);

        List<List<String>> byCity = rows(page, "Scenes by city");
        List<List<String>> byHour = rows(page, "Scenes by hour");
        assertEquals(22, byCity.size());
        assertEquals(24, byHour.size());
        for (int label = 0; label < SampleEvaluation.LABELS.size(); label++) {
            int column = 1 + label;
            assertEquals(
                    strings(evaluation.distribution().byCity().get(label)),
                    byCity.stream().map(row -> row.get(column)).toList());
            assertEquals(
                    strings(evaluation.distribution().byHour().get(label)),
                    byHour.stream().map(row -> row.get(column)).toList());
        }
    }

    @Test
    void mistakesHaveTheirSpectrograms() throws Exception {
        Evaluation evaluation = SampleEvaluation.usual();
        List<Element> entries = elements(page(evaluation), "li").stream()
                .filter(entry -> !elements(entry, "figure").isEmpty())
                .toList();

        List<Mistake> mistakes = evaluation.models().stream()
                .flatMap(model -> model.mistakes().stream())
                .toList();
        assertEquals(mistakes.size(), entries.size());
        for (int i = 0; i < mistakes.size(); i++) {
            Mistake mistake = mistakes.get(i);
            assertEquals(1, elements(entries.get(i), "image").size());
            assertEquals(
                    List.of(
                            mistake.file(),
                            "heard as " + mistake.answer() + " (" + percent(mistake.probability()) + ")",
                            "is " + mistake.truth() + " (" + percent(mistake.truthProbability()) + ")"),
                    elements(entries.get(i), "span").stream()
                            .map(span -> span.getTextContent().strip().replaceAll("[ \n]+", " "))
                            .toList());
        }
    }

    @Test
    void namesFromFilesStayText() throws Exception {
        List<String> names = List.of(HOSTILE, "b");
        SampleEvaluation sample = new SampleEvaluation(names, names, 40);
        Document page = page(sample.of(HOSTILE, List.of(sample.model(HOSTILE, 0.5, true))));

        assertEquals(0, elements(page, "script").size());
        String heading = text(page, "h1").get(0);
        assertTrue(heading.contains("</title></style><script>alert('1')</script>\"&amp;"), heading);
        // What turns the direction of writing, and what XML forbids, is seen but does nothing.
        assertTrue(heading.endsWith("\uFFFD\uFFFDevil"), heading);
        assertEquals(-1, page.getDocumentElement().getTextContent().indexOf('\u202E'));
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
                model.logLoss(),
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
                () -> HtmlReport.write(file, SampleEvaluation.usual(), new SampleEvaluation.Noise(), Timelines.NONE));
        assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
    }

    private Document page(Evaluation evaluation) throws Exception {
        Path file = folder.resolve("report.html");
        HtmlReport.write(file, evaluation, new SampleEvaluation.Noise(), Timelines.NONE);
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

    /** Cells of the table whose caption begins so. */
    private static List<List<String>> rows(Document page, String caption) {
        Element table = elements(page, "table").stream()
                .filter(candidate -> elements(candidate, "caption")
                        .get(0)
                        .getTextContent()
                        .strip()
                        .startsWith(caption))
                .findFirst()
                .orElseThrow();
        List<List<String>> rows = new ArrayList<>();
        for (Element row : elements(elements(table, "tbody").get(0), "tr")) {
            List<String> cells = new ArrayList<>();
            elements(row, "*").forEach(cell -> cells.add(cell.getTextContent().strip()));
            rows.add(cells);
        }
        return rows;
    }

    private static Element chart(Document page, String title) {
        return elements(page, "svg").stream()
                .filter(chart ->
                        elements(chart, "title").get(0).getTextContent().equals(title))
                .findFirst()
                .orElseThrow();
    }

    /** Texts of a chart that have a class. */
    private static List<String> drawn(Document page, String title, String style) {
        return elements(chart(page, title), "text").stream()
                .filter(text -> List.of(text.getAttribute("class").split(" ")).contains(style))
                .map(text -> text.getTextContent().strip())
                .toList();
    }

    private static List<String> strings(List<Integer> counts) {
        return counts.stream().map(String::valueOf).toList();
    }

    private static String percent(double share) {
        return Double.isNaN(share) ? "–" : String.format(Locale.ROOT, "%.1f\u00A0%%", 100 * share);
    }

    private static String interval(Estimate estimate) {
        return interval(new Interval(estimate.low(), estimate.high()));
    }

    private static String interval(Interval interval) {
        return String.format(Locale.ROOT, "%.1f to %.1f\u00A0%%", 100 * interval.low(), 100 * interval.high());
    }

    private static String loss(double loss) {
        return String.format(Locale.ROOT, "%.3f", loss);
    }

    private static String spread(double mean, double deviation) {
        return String.format(Locale.ROOT, "%.1f ± %.1f\u00A0%%", 100 * mean, 100 * deviation);
    }
}
