package org.earshot.audio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResamplerTest {
    private static final double AMPLITUDE = 0.5;

    /** 0.01 dB, which soxr "HQ" stays within to 91.3 % of the Nyquist frequency. */
    private static final double PASS_BAND_RIPPLE_DB = 0.01;

    /** Attenuation of soxr "HQ", which is made for 20 bits: 20 log10(2^20). */
    private static final double STOP_BAND_DB = -120;

    /**
     * A sweep of sines: in the pass-band each comes out as the same sine, sampled at the new rate, with nothing beside
     * it. That shows ripple (amplitude), delay (phase), images and aliases (remainder) at once.
     */
    @ParameterizedTest
    @CsvSource({
        "48000, 44100", "44100, 48000", "8000, 44100", "11025, 44100", "16000, 44100", "22050, 44100", "32000, 44100",
        "88200, 44100", "96000, 44100", "192000, 44100", "384000, 44100", "44056, 44100", "47952, 44100",
                "48001, 44100",
        "96001, 44100", "44100, 8000"
    })
    void passBandIsFlatAndClean(int from, int to) {
        double nyquist = Math.min(from, to) / 2.0;
        for (double share : new double[] {0.001, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.91}) {
            double frequency = share * nyquist;
            float[] output = Resampler.resample(sine(frequency, from, 1000 + from / 20), "sine", from, to);
            String what = from + " to " + to + " Hz at " + frequency + " Hz";
            double dot = 0;
            double energy = 0;
            double remainder = 0;
            for (int n = output.length / 4; n < output.length * 3 / 4; n++) {
                double ideal = AMPLITUDE * Math.sin(2 * Math.PI * frequency * n / to);
                dot += output[n] * ideal;
                energy += ideal * ideal;
                remainder += (output[n] - ideal) * (output[n] - ideal);
            }
            assertEquals(0, decibel(dot / energy), PASS_BAND_RIPPLE_DB, what);
            double beside = decibel(Math.sqrt(remainder / energy));
            assertTrue(beside < STOP_BAND_DB, what + ": " + beside + " dB beside the sine");
        }
    }

    /** Above the new Nyquist frequency nothing comes through, to wherever it would have been folded. */
    @ParameterizedTest
    @CsvSource({"48000, 44100", "88200, 44100", "96000, 44100", "192000, 44100", "384000, 44100", "96001, 44100"})
    void nothingIsFoldedBack(int from, int to) {
        for (double share : new double[] {1, 1.01, 1.05, 1.3, 1.7, 1.9, 2.1, 3.3}) {
            double frequency = share * to / 2;
            if (frequency < from / 2.0) {
                float[] output = Resampler.resample(sine(frequency, from, 1000 + from / 20), "sine", from, to);
                double energy = 0;
                for (int n = output.length / 4; n < output.length * 3 / 4; n++) {
                    energy += output[n] * output[n];
                }
                double rms = Math.sqrt(2 * energy / output.length);
                double left = decibel(rms / (AMPLITUDE / Math.sqrt(2)));
                assertTrue(left < STOP_BAND_DB, from + " to " + to + " Hz at " + frequency + " Hz: " + left + " dB");
            }
        }
    }

    /** See tools/reference/fixtures/audio.py: five tones under a Hann window, through soxr. */
    @ParameterizedTest
    @CsvSource({"48000, 44100", "8000, 44100", "96000, 44100", "44056, 44100", "192000, 44100"})
    void agreesWithSoxrHq(int from, int to) throws IOException {
        float[] input = new float[4000];
        for (int n = 0; n < input.length; n++) {
            double window = 0.5 - 0.5 * Math.cos(2 * Math.PI * n / 4000);
            input[n] = (float) (window * tones(from, to, n, share -> 10 * share - Math.PI / 2));
        }
        float[] expected = soxrs("soxr-hq-" + from + "-" + to);
        float[] actual = Resampler.resample(input, "tones", from, to);
        assertEquals(expected.length, actual.length);
        // soxr "HQ" is made for 20 bits, of which 2^-19 of full scale [-1, 1] is the last.
        assertArrayEquals(expected, actual, 0x1p-19f);
    }

    /** See tools/reference/fixtures/audio.py: sines through soxr, of which the rms is kept. */
    @Test
    void fallsOffAsSoxrHqDoes() throws IOException {
        float[] expected = soxrs("soxr-hq-slope-48000-44100");
        for (int i = 0; i < expected.length; i++) {
            double frequency = (0.9 + 0.005 * i) * 44_100 / 2;
            float[] output = Resampler.resample(sine(frequency, 48_000, 9600), "sine", 48_000, 44_100);
            double energy = 0;
            for (int n = 2205; n < 6615; n++) {
                energy += output[n] * output[n];
            }
            double level = decibel(Math.sqrt(energy / 4410));
            // What KaiserSinc claims: a highest mel band's level is then no further off.
            assertEquals(decibel(expected[i]), level, 0.04, "at " + frequency + " Hz");
        }
    }

    /** See tools/reference/fixtures/audio.py: what silence before a sound that begins at once changes. */
    @ParameterizedTest
    @ValueSource(ints = {48_000, 96_000, 32_000, 24_000, 16_000, 12_000, 64_000, 44_056, 88_200})
    void beginsAsSoxrHqDoes(int from) throws IOException {
        int to = 44_100;
        int divisor = BigInteger.valueOf(from).gcd(BigInteger.valueOf(to)).intValue();
        int periods = (2000 * divisor + from - 1) / from;
        int silence = periods * from / divisor;
        float[] sound = new float[1000];
        for (int n = 0; n < sound.length; n++) {
            sound[n] = (float) tones(from, to, n, share -> 0);
        }
        float[] soundLater = new float[silence + sound.length];
        System.arraycopy(sound, 0, soundLater, silence, sound.length);
        float[] atOnce = Resampler.resample(sound, "at once", from, to);
        float[] later = Resampler.resample(soundLater, "later", from, to);
        float[] expected = soxrs("soxr-hq-onset-" + from + "-" + to);
        float[] actual = new float[expected.length];
        for (int n = 0; n < actual.length; n++) {
            actual[n] = atOnce[n] - later[periods * to / divisor + n];
        }
        // Each is the difference of two of soxr's samples, which are made for 20 bits. In their transition band the
        // filters differ by up to 0.04 dB, 0.5 %, of which a sound that begins at once has a share.
        float largest = 0;
        for (float change : expected) {
            largest = Math.max(largest, Math.abs(change));
        }
        assertArrayEquals(expected, actual, 0x1p-18f + 0.001f * largest);
    }

    @Test
    void blocksOfAnySizeGiveTheSame() {
        Random random = new Random(5);
        float[] input = new float[50_000];
        for (int i = 0; i < input.length; i++) {
            input[i] = (float) random.nextGaussian();
        }
        for (int[] rates : new int[][] {{48_000, 44_100}, {44_056, 44_100}, {8000, 44_100}, {96_000, 44_100}}) {
            float[] whole = Resampler.resample(input, "noise", rates[0], rates[1]);
            for (int most : new int[] {1, 700, 40_000}) {
                Live live = new Live(input);
                SampleSource resampler = Resampler.of(live, "noise", rates[0], rates[1]);
                float[] pieces = new float[whole.length + 1];
                int filled = 0;
                for (int read = 0; read >= 0; filled += Math.max(0, read)) {
                    live.arrive(1 + random.nextInt(most));
                    read = resampler.read(pieces, filled, Math.min(pieces.length - filled, 1 + random.nextInt(900)));
                }
                assertEquals(whole.length, filled);
                assertArrayEquals(whole, Arrays.copyOf(pieces, filled));
            }
        }
    }

    /** The native library is there, and its vectors give the bits that the sums in Java give. */
    @ParameterizedTest
    @CsvSource({"147, 160", "441, 80", "441, 160", "147, 320", "2, 1", "1, 2", "3, 2", "80, 441"})
    void productsHaveTheBitsOfTheSumsInJava(int up, int down) {
        ResamplingProducts products = FoundProducts.BEST.orElseThrow();
        FilterBank filter = FilterBank.of(up, down);
        PeriodicKernel inJava = new PeriodicKernel(up, down, filter);
        ProductsKernel byProducts = new ProductsKernel(up, down, filter, products);
        Random random = new Random(6);
        float[] window = new float[inJava.windowLength()];
        for (int i = 0; i < window.length; i++) {
            window[i] = (float) random.nextGaussian();
        }
        float[] expected = new float[inJava.blockOutputs()];
        float[] actual = new float[expected.length];
        for (int count : new int[] {1, inJava.outputs(), 3 * inJava.outputs() + 1, expected.length}) {
            long first = random.nextInt(1 << 30);
            inJava.run(window, first, expected, count);
            byProducts.run(window, first, actual, count);
            assertArrayEquals(Arrays.copyOf(expected, count), Arrays.copyOf(actual, count));
        }
    }

    /** On the class path services are found by a file, on the module path by the module's declaration. */
    @Test
    void theServiceIsNamedOnTheClassPathToo() throws IOException {
        String file = "/META-INF/services/" + ResamplingProducts.class.getName();
        try (InputStream in = ResamplingProducts.class.getResourceAsStream(file)) {
            String names = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(FoundProducts.BEST.orElseThrow().getClass().getName() + "\n", names);
        }
    }

    /** Of a live source, what comes out is what half a filter after it has come in. */
    @ParameterizedTest
    @CsvSource({"48000, 44100", "8000, 44100", "16000, 44100", "96000, 44100", "44056, 44100", "44100, 8000"})
    void onlyHalfTheFilterIsWaitedFor(int from, int to) {
        int divisor = BigInteger.valueOf(from).gcd(BigInteger.valueOf(to)).intValue();
        int half = FilterBank.of(to / divisor, from / divisor).half();
        Live live = new Live(new float[from]);
        SampleSource resampler = Resampler.of(live, "silence", from, to);
        float[] target = new float[2 * to];
        long out = 0;
        for (int in = 0; in < from; in += from / 50) {
            live.arrive(from / 50);
            for (int read = resampler.read(target, 0, target.length); read > 0; ) {
                out += read;
                read = resampler.read(target, 0, target.length);
            }
            int arrived = Math.min(from, in + from / 50);
            // Outputs whose last tap has arrived: the input sample at or before them is half a filter back.
            long expected = arrived == from
                    ? Resampler.outputLength(from, from, to)
                    : Resampler.outputLength(Math.max(0, arrived - half), from, to);
            assertEquals(expected, out, "after " + arrived + " samples");
        }
    }

    /** What has arrived of a sound. */
    private static final class Live implements SampleSource {
        private final float[] sound;
        private int arrived;
        private int position;

        Live(float[] sound) {
            this.sound = sound;
        }

        void arrive(int count) {
            arrived = Math.min(sound.length, arrived + count);
        }

        @Override
        public int read(float[] target, int offset, int length) {
            if (position == sound.length) {
                return -1;
            }
            int count = Math.min(length, arrived - position);
            System.arraycopy(sound, position, target, offset, count);
            position += count;
            return count;
        }
    }

    /** librosa: ceil(samples * target / original). */
    @ParameterizedTest
    @CsvSource({
        "480000, 48000, 44100, 441000", "1, 48000, 44100, 1", "1, 8000, 44100, 6", "3, 96000, 44100, 2",
        "0, 48000, 44100, 0", "44056, 44056, 44100, 44100", "7, 44100, 8000, 2", "100, 44100, 44100, 100"
    })
    void lengthIsLibrosas(int samples, int from, int to, int expected) {
        assertEquals(expected, Resampler.outputLength(samples, from, to));
        assertEquals(expected, Resampler.resample(new float[samples], "silence", from, to).length);
    }

    @Test
    void aConstantStaysThatConstant() {
        float[] ones = new float[20_000];
        Arrays.fill(ones, 1);
        for (int from : new int[] {48_000, 8000, 44_056, 192_000}) {
            float[] output = Resampler.resample(ones, "ones", from, 44_100);
            // A random walk over the additions, four taps each, that round by half an ulp at most.
            double additions = 54 * Math.max(1, from / 44_100.0);
            for (int n = output.length / 4; n < output.length * 3 / 4; n++) {
                assertEquals(1, output[n], Math.sqrt(additions) / 2 * Math.ulp(1f));
            }
        }
    }

    @Test
    void extremeRatiosAreRefusedOrCheap() {
        float[] input = new float[100];
        assertEquals(1, Resampler.resample(input, "x", Resampler.MAX_RATE, Resampler.MIN_RATE).length);
        assertEquals(1, Resampler.resample(input, "x", Resampler.MAX_RATE - 1, Resampler.MIN_RATE).length);
        assertEquals(153_600, Resampler.resample(input, "x", Resampler.MIN_RATE, Resampler.MAX_RATE).length);
        for (int rate : new int[] {0, -5, 999, Resampler.MAX_RATE + 1, Integer.MAX_VALUE}) {
            Refusals.assertRefused("x", rate + " Hz", () -> Resampler.resample(input, "x", rate, 44_100));
            Refusals.assertRefused("x", rate + " Hz", () -> Resampler.resample(input, "x", 44_100, rate));
        }
    }

    /** Sample n of five cosines, each at a share of the lower Nyquist frequency, the phase depending on that share. */
    private static double tones(int from, int to, int n, DoubleUnaryOperator phase) {
        double sum = 0;
        for (double share : new double[] {0.05, 0.15, 0.3, 0.45, 0.6}) {
            double angle = Math.PI * share * Math.min(from, to) * n / from;
            sum += 0.15 * Math.cos(angle + phase.applyAsDouble(share));
        }
        return sum;
    }

    private static float[] soxrs(String name) throws IOException {
        try (InputStream in = ResamplerTest.class.getResourceAsStream("/audio/" + name + ".f32")) {
            byte[] bytes = Objects.requireNonNull(in).readAllBytes();
            float[] samples = new float[bytes.length / Float.BYTES];
            ByteBuffer.wrap(bytes)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer()
                    .get(samples);
            return samples;
        }
    }

    private static float[] sine(double frequency, int rate, int samples) {
        float[] sine = new float[samples];
        for (int n = 0; n < samples; n++) {
            sine[n] = (float) (AMPLITUDE * Math.sin(2 * Math.PI * frequency * n / rate));
        }
        return sine;
    }

    private static double decibel(double ratio) {
        return 20 * Math.log10(ratio);
    }
}
