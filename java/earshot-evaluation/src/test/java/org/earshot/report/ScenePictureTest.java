package org.earshot.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.earshot.audio.AudioLimits;
import org.earshot.dataset.Recordings;
import org.earshot.error.AudioException;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMel;
import org.earshot.segmentation.SceneSegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** A recording of three seconds with half a second without a scene, as pixels, as a file of text, and in a report. */
class ScenePictureTest {
    private static final String HOSTILE = "a<b>&\"\u202E.wav";

    /** Some 2756 frames a second, so that a few seconds are more frames than a picture has columns. */
    private static final FeatureParameters QUICK =
            new FeatureParameters(44_100, 64, 64, 16, 4, 0, 22_050, 1000, FeatureParameters.PadMode.REFLECT, 80);

    @TempDir
    private Path folder;

    private SceneTimeline timeline() throws IOException {
        Path file = Recordings.write(folder.resolve("x.wav"), Recordings.noise(3, 1));
        RecordingSpectrogram spectrogram =
                RecordingSpectrogram.read(file, FeatureParameters.baseline(), AudioLimits.defaults());
        return new SceneTimeline(
                spectrogram,
                List.of("Bus", "Metro"),
                List.of(
                        new SceneSegment(Duration.ZERO, Duration.ofMillis(1000), "Bus", 0.5f),
                        new SceneSegment(Duration.ofMillis(1500), Duration.ofMillis(3000), "Metro", 0.5f)));
    }

    /** Frames are averaged by twos as often as they are too many; the rest of a column is averaged over what it has. */
    @Test
    void columnsAreMeansOfFrames() throws IOException {
        float[] pcm = Recordings.noise(1.7, 2);
        Arrays.fill(pcm, 0, pcm.length / 3, 0);
        Path file = Recordings.write(folder.resolve("long.wav"), pcm);
        List<float[]> frames = new ArrayList<>();
        float loudest = Float.NEGATIVE_INFINITY;
        LogMel logMel = new LogMel(QUICK);
        for (int start = 0; start < pcm.length; start += QUICK.windowSamples()) {
            float[] out = new float[QUICK.frames() * QUICK.melBands()];
            int length = Math.min(QUICK.windowSamples(), pcm.length - start);
            int count = logMel.compute(pcm, start, length, out, 0, logMel.scratch());
            for (int frame = 0; frame < count; frame++) {
                float[] values = Arrays.copyOfRange(out, frame * 4, frame * 4 + 4);
                frames.add(values);
                for (float value : values) {
                    loudest = Math.max(loudest, value);
                }
            }
        }
        int merged = 4;
        assertTrue(frames.size() / merged < 2048 && frames.size() / (merged / 2) >= 2048, frames.size() + " frames");
        float[] expected = new float[(frames.size() + merged - 1) / merged * 4];
        for (int i = 0; i < expected.length; i++) {
            int from = i / 4 * merged;
            int to = Math.min(frames.size(), from + merged);
            double sum = 0;
            for (int frame = from; frame < to; frame++) {
                sum += frames.get(frame)[i % 4];
            }
            expected[i] = Math.max(loudest - 80, (float) (sum / (to - from)));
        }
        RecordingSpectrogram spectrogram = RecordingSpectrogram.read(file, QUICK, AudioLimits.defaults());
        assertArrayEquals(expected, spectrogram.values(), 1e-4f);
        assertEquals(1.7, spectrogram.seconds(), 1e-4);
        assertTrue(spectrogram.isLongerThanAClip());
        Path empty = Recordings.write(folder.resolve("empty.wav"));
        assertThrows(AudioException.class, () -> RecordingSpectrogram.read(empty, QUICK, AudioLimits.defaults()));
    }

    @Test
    void pixelsShowTheRibbonUnderTheTime() throws IOException {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ScenePicture.writePng(png, HOSTILE, timeline());
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(png.toByteArray()));

        assertEquals(2 * SceneChart.WIDTH, image.getWidth());
        // The chart's own geometry: the picture from 34 to 706 of 720, the ribbon 166 to 184 below the title.
        int ribbon = 2 * 170;
        assertEquals(0x332288, image.getRGB(2 * 40, ribbon) & 0xFFFFFF);
        assertEquals(0x332288, image.getRGB(2 * (34 + 672 / 3 - 3), ribbon) & 0xFFFFFF);
        assertEquals(0xFFFFFF, image.getRGB(2 * (34 + 672 / 3 + 3), ribbon) & 0xFFFFFF);
        assertEquals(0xFFFFFF, image.getRGB(2 * (34 + 672 / 2 - 3), ribbon) & 0xFFFFFF);
        assertEquals(0x88CCEE, image.getRGB(2 * (34 + 672 / 2 + 3), ribbon) & 0xFFFFFF);
        assertEquals(0x88CCEE, image.getRGB(2 * 700, ribbon) & 0xFFFFFF);
        boolean inked = false;
        for (int x = 60; x < 300; x++) {
            inked |= (image.getRGB(x, 26) & 0xFF) < 100;
        }
        assertTrue(inked, "no title");
    }

    @Test
    void theFileOfTextStandsAlone() throws Exception {
        ByteArrayOutputStream svg = new ByteArrayOutputStream();
        ScenePicture.writeSvg(svg, HOSTILE, timeline());
        String text = svg.toString(StandardCharsets.UTF_8);
        Document file = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(svg.toByteArray()));

        assertFalse(text.contains("class="), "styles that nothing in the file defines");
        List<String> words = texts(file.getDocumentElement());
        assertTrue(words.contains("a<b>&\"\uFFFD.wav"), words.toString());
        assertTrue(words.containsAll(List.of("kHz", "16", "0.5 s", "3 s", "Bus", "Metro", "Bus  1 s", "Metro  1.5 s")));
        NodeList boxes = file.getElementsByTagName("rect");
        assertEquals("#332288", ((Element) boxes.item(1)).getAttribute("fill"));
        assertEquals("34", ((Element) boxes.item(1)).getAttribute("x"));
        assertEquals("#88ccee", ((Element) boxes.item(2)).getAttribute("fill"));
        assertEquals("370", ((Element) boxes.item(2)).getAttribute("x"));
    }

    /** The first model's recordings are all long, the others' none. */
    @Test
    void aReportShowsTheWholeOfALongRecording() throws Exception {
        SceneTimeline timeline = timeline();
        Path report = folder.resolve("report.html");
        HtmlReport.write(
                report,
                SampleEvaluation.usual(),
                new SampleEvaluation.Noise(),
                (model, clip) -> model == 0 ? Optional.of(timeline) : Optional.empty());
        Document page =
                DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(report.toFile());

        NodeList items = page.getElementsByTagName("li");
        int whole = 0;
        for (int i = 0; i < items.getLength(); i++) {
            Element item = (Element) items.item(i);
            boolean ribbon = texts(item).contains("Metro  1.5 s");
            assertEquals(item.getAttribute("class").equals("whole"), ribbon);
            whole += ribbon ? 1 : 0;
        }
        assertEquals(SampleEvaluation.usual().models().get(0).mistakes().size(), whole);
    }

    private static List<String> texts(Element element) {
        NodeList found = element.getElementsByTagName("text");
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < found.getLength(); i++) {
            texts.add(found.item(i).getTextContent());
        }
        return texts;
    }
}
