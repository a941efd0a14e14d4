package org.earshot.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The page in Chromium, where there is one. */
class BrowserTest {
    private static final long MINUTES = 2;

    @TempDir
    private Path folder;

    private Path page;

    @BeforeEach
    void writePage() {
        assumeTrue(chromium() != null, "Chromium is not on the path");
        page = folder.resolve("report.html");
        HtmlReport.write(page, SampleEvaluation.usual(), new SampleEvaluation.Noise(), Timelines.NONE);
    }

    /** Labels and cities that are long and many must not make the page wider than the screen either. */
    @Test
    void longNamesStayOnTheTelephone() throws Exception {
        List<String> names = IntStream.range(0, 30)
                .mapToObj(i -> "scene_with_a_rather_long_name_and_no_space_in_it_" + i)
                .toList();
        SampleEvaluation sample = new SampleEvaluation(names, names, 3000);
        HtmlReport.write(
                page,
                sample.of(names.get(0), List.of(sample.model(names.get(1), 0.4, true))),
                new SampleEvaluation.Noise(),
                Timelines.NONE);

        nothingIsWiderThanTheScreen(360);
    }

    /** A frame of the window's width holds the page and writes down how wide the page is. */
    @ParameterizedTest
    @ValueSource(ints = {360, 1200})
    void nothingIsWiderThanTheScreen(int width) throws Exception {
        nothingIsWider(width, 9);
    }

    private void nothingIsWider(int width, int sections) throws Exception {
        Path frame = folder.resolve("frame.html");
        Files.writeString(frame, """
                <!DOCTYPE html><body style="margin:0"><iframe id="f" src="report.html" style="border:0;width:%1$dpx;height:800px">
                </iframe><script>onload = () => {
                  const page = document.getElementById('f').contentDocument;
                  const root = page.documentElement;
                  const loose = [...page.querySelectorAll('img, image')].filter(i => i.complete === false).length;
                  document.title = (root.scrollWidth > %1$d ? 'too wide ' + root.scrollWidth : 'fits') + ', images missing ' + loose
                      + ', sections ' + page.querySelectorAll('section').length;
                }</script>""".formatted(width));

        String dom = run(
                "--allow-file-access-from-files", "--dump-dom", frame.toUri().toString());

        assertTrue(
                dom.contains("<title>fits, images missing 0, sections " + sections + "</title>"),
                dom.lines().filter(line -> line.contains("<title>")).toList().toString());
    }

    /** The page about parity: narrow, wide, and without a complaint. */
    @ParameterizedTest
    @ValueSource(ints = {360, 1200})
    void parityFitsTheScreen(int width) throws Exception {
        HtmlReport.writeParity(page, ParityPageTest.results());
        nothingIsWider(width, 3);
        consoleStaysEmpty();
    }

    @Test
    void consoleStaysEmpty() throws Exception {
        String log = run(
                "--enable-logging=stderr", "--v=0", "--dump-dom", page.toUri().toString());

        assertEquals(
                List.of(), log.lines().filter(line -> line.contains("CONSOLE")).toList());
        assertTrue(log.contains("<h1>"), "the page was not loaded");
    }

    @Test
    void printsToPaper() throws Exception {
        Path paper = folder.resolve("report.pdf");

        run("--no-pdf-header-footer", "--print-to-pdf=" + paper, page.toUri().toString());

        assertTrue(Files.size(paper) > 10_000, "an empty document");
    }

    private String run(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                chromium().toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--user-data-dir=" + folder.resolve("profile")));
        command.addAll(Arrays.asList(arguments));
        Path output = folder.resolve("output.txt");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean ended = process.waitFor(MINUTES, TimeUnit.MINUTES);
        process.destroyForcibly();
        assertTrue(ended, "Chromium did not end");
        String text = Files.readString(output, StandardCharsets.UTF_8);
        assertFalse(text.isEmpty() && process.exitValue() != 0, "Chromium failed");
        return text;
    }

    private static Path chromium() {
        return Stream.of(System.getenv("PATH").split(java.io.File.pathSeparator))
                .map(directory -> Path.of(directory, "chromium"))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }
}
