package org.earshot.cli.commands;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.earshot.backend.choice.Backends;
import org.earshot.cli.CommandRun;
import org.earshot.cli.Recordings;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMelFrames;
import org.earshot.layer.Shape;
import org.earshot.weights.Safetensors;
import org.earshot.weights.WeightTensor;
import org.earshot.weights.WeightType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FeaturesCommandTest {
    private static final int BANDS = 64;

    @TempDir
    Path folder;

    private static CommandRun features(Path recording, Path output) {
        return CommandRun.of("features", recording, "--output", output, "--model", CommandRun.SMALL);
    }

    private static float[] expected(float[] pcm, int samples) {
        FeatureParameters parameters = FeatureParameters.baseline();
        float[] values = new float[parameters.cutFrames(samples) * BANDS];
        try (LogMelFrames frames =
                Backends.startOnProcessors(1).frames(parameters).orElseThrow()) {
            frames.computeClip(pcm, samples, values);
        }
        return values;
    }

    private static float[] readNumpy(Path file, int frames) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.position(10 + bytes.getShort(8));
        float[] values = new float[frames * BANDS];
        assertEquals(4 * values.length, bytes.remaining());
        bytes.asFloatBuffer().get(values);
        return values;
    }

    @Test
    void numpyAndSafetensorsHoldTheLogMel() throws IOException {
        float[] pcm = Recordings.noise(0.5, 1);
        Path recording = Recordings.write(folder.resolve("noise.wav"), pcm);
        Path numpy = folder.resolve("x.NPY");
        Path safetensors = folder.resolve("x.safetensors");
        features(recording, numpy).done();
        features(recording, safetensors).done();
        // 22050 samples, a frame every 882: 1 + 25.
        assertArrayEquals(expected(pcm, pcm.length), readNumpy(numpy, 26));
        WeightTensor tensor = Safetensors.read(safetensors).tensors().get("features");
        assertEquals(Shape.of(26, BANDS), tensor.shape());
        assertEquals(WeightType.F32, tensor.type());
        assertArrayEquals(expected(pcm, pcm.length), tensor.floats());
    }

    @Test
    void ofALongRecordingTheFirstClipIsTaken() throws IOException {
        float[] pcm = Recordings.noise(11, 2);
        Path numpy = folder.resolve("x.npy");
        features(Recordings.write(folder.resolve("long.wav"), pcm), numpy).done();
        assertArrayEquals(expected(pcm, 500 * 882), readNumpy(numpy, 500));
    }

    /** A tone of 5 kHz lies in a high band: a bright line in the upper part, none in the lower. */
    @Test
    void thePictureHasLowFrequenciesAtTheBottom() throws IOException {
        Path recording = Recordings.write(folder.resolve("tone.wav"), Recordings.tone(2, 5000));
        Path picture = folder.resolve("x.png");
        features(recording, picture).done();
        BufferedImage image = ImageIO.read(picture.toFile());
        assertEquals(384, image.getHeight());
        assertTrue(image.getWidth() >= 500, image.getWidth() + " wide");
        int brightest = 0;
        for (int y = 0; y < image.getHeight(); y++) {
            if (green(image, y) > green(image, brightest)) {
                brightest = y;
            }
        }
        // Slaney mels: 0 at 0 Hz, 15 at 1 kHz, then 27 for every factor of 6.4. Edges at 50 Hz and 22,050 Hz.
        double mel = 15 + 27 * Math.log(5) / Math.log(6.4);
        double highest = 15 + 27 * Math.log(22.05) / Math.log(6.4);
        double band = (mel - 0.75) / (highest - 0.75) * (BANDS + 1) - 1;
        assertEquals(BANDS - 1 - band, brightest / 6.0, 1.51);
        assertTrue(green(image, brightest) > 0xC0, "bright: " + green(image, brightest));
        assertTrue(green(image, image.getHeight() - 1) < 0x50, "dark: " + green(image, image.getHeight() - 1));
    }

    private static int green(BufferedImage image, int y) {
        return image.getRGB(image.getWidth() / 2, y) >> 8 & 0xFF;
    }

    @Test
    void silenceAndASingleSampleMakePicturesToo() throws IOException {
        Path silence = Recordings.write(folder.resolve("silence.wav"), new float[Recordings.RATE]);
        Path single = Recordings.write(folder.resolve("single.wav"), new float[] {0.5f});
        features(silence, folder.resolve("silence.png")).done();
        features(single, folder.resolve("single.png")).done();
        assertEquals(16, ImageIO.read(folder.resolve("single.png").toFile()).getWidth());
    }

    @Test
    void badInputLeavesNothingBehind() throws IOException {
        Path recording = Recordings.write(folder.resolve("noise.wav"), Recordings.noise(0.1, 1));
        Path empty = Files.createFile(folder.resolve("empty.wav"));
        Path nan = Recordings.write(folder.resolve("nan.wav"), new float[] {Float.NaN, 0});
        Path none = Recordings.write(folder.resolve("none.wav"), new float[0]);
        Path output = folder.resolve("x.npy");
        assertTrue(
                features(recording, folder.resolve("x.jpg")).refusedInOneLine().contains(".npy, .safetensors or"));
        assertTrue(features(folder.resolve("missing.wav"), output)
                .failedInOneLine()
                .contains("missing.wav"));
        assertTrue(features(empty, output).failedInOneLine().contains("empty.wav"));
        assertTrue(features(nan, output).failedInOneLine().contains("nan.wav"));
        assertTrue(features(none, output).failedInOneLine().contains("none.wav"));
        for (String name : new String[] {"x.npy", "x.safetensors", "x.png"}) {
            Path unwritable = folder.resolve("nowhere").resolve(name);
            assertTrue(features(recording, unwritable).failedInOneLine().contains(unwritable.toString()));
        }
        assertTrue(CommandRun.of("features", recording, "--output", output, "--model", folder)
                .failedInOneLine()
                .contains("config.json"));
        assertFalse(Files.exists(output));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(4, files.count());
        }
    }
}
