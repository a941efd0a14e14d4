package org.earshot.audio;

import java.util.Arrays;
import java.util.Objects;
import org.earshot.error.AudioException;

/**
 * Changes the sample rate with a linear-phase polyphase filter, a sinc under a Kaiser window (J. O. Smith, "Digital
 * Audio Resampling"; J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function", 1974), block
 * by block.
 *
 * <p>Flat to 91.5 % of the lower of the two Nyquist frequencies, at least 120 dB down from that Nyquist frequency on,
 * whichever way the rate changes. Output sample n lies at time n / output rate: the filter's delay is taken out. It
 * comes as soon as the source has given what it is made of, which reaches half a filter beyond it, and has the same
 * bits whatever blocks the source gives. The first few samples are those of soxr "HQ", librosa's default, whose answer
 * to a sound that begins at once is not quite its filter's. Not thread-safe.
 */
public final class Resampler implements SampleSource {
    /** Lowest rate that is converted, Hz. */
    public static final int MIN_RATE = 1_000;

    /** Highest rate that is converted, Hz. */
    public static final int MAX_RATE = 1_536_000;

    private final SampleSource source;
    private final ResamplingKernel kernel;

    /** Input from {@code half - 1} samples before the block's first output on. */
    private final float[] window;

    private int windowFilled;
    private long inputRead;
    private boolean inputEnded;

    private final float[] block;
    private int blockPosition;
    private int blockFilled;
    private long nextOutput;

    /** What is to be taken from the first outputs. */
    private final float[] onset;

    private Resampler(SampleSource source, ResamplingKernel kernel) {
        this.source = source;
        this.kernel = kernel;
        window = new float[kernel.windowLength()];
        block = new float[kernel.blockOutputs()];
        onset = new float[kernel.onsetLength()];
        // Before the first sample there is silence.
        windowFilled = kernel.half() - 1;
    }

    /**
     * Resamples a source.
     *
     * @param source samples at {@code inputRate}
     * @param subject what messages call the recording
     * @param inputRate rate of the source, Hz
     * @param outputRate rate wanted, Hz
     * @return samples at {@code outputRate}; the source itself if the rates are equal
     * @throws AudioException if the rates differ and one lies outside [{@value #MIN_RATE}, {@value #MAX_RATE}]
     */
    public static SampleSource of(SampleSource source, String subject, int inputRate, int outputRate) {
        checkPositive(subject, inputRate);
        checkPositive(subject, outputRate);
        if (inputRate == outputRate) {
            return source;
        }
        checkConvertible(subject, inputRate);
        checkConvertible(subject, outputRate);
        return new Resampler(source, ResamplingKernel.of(inputRate, outputRate));
    }

    /**
     * Resamples PCM in memory.
     *
     * @param pcm samples at {@code inputRate}
     * @param subject what messages call the recording
     * @param inputRate rate of the samples, Hz
     * @param outputRate rate wanted, Hz
     * @return new array of {@link #outputLength} samples
     * @throws AudioException if the rates differ and one lies outside [{@value #MIN_RATE}, {@value #MAX_RATE}], or the
     *     result does not fit an array
     */
    public static float[] resample(float[] pcm, String subject, int inputRate, int outputRate) {
        int[] position = {0};
        SampleSource memory = (target, offset, length) -> {
            int count = Math.min(length, pcm.length - position[0]);
            System.arraycopy(pcm, position[0], target, offset, count);
            position[0] += count;
            return count == 0 ? -1 : count;
        };
        SampleSource resampled = of(memory, subject, inputRate, outputRate);
        long length = outputLength(pcm.length, inputRate, outputRate);
        if (length > Samples.MAX_ARRAY) {
            throw new AudioException(
                    AudioException.Reason.LIMIT,
                    subject,
                    length + " samples",
                    "at most " + Samples.MAX_ARRAY + " in memory");
        }
        float[] output = new float[(int) length];
        int filled = 0;
        while (filled < output.length) {
            filled += resampled.read(output, filled, output.length - filled);
        }
        return output;
    }

    /**
     * Samples that come out for samples that go in: all whose time lies before the end, as librosa counts them.
     *
     * @param inputLength samples at {@code inputRate}
     * @param inputRate rate before, Hz
     * @param outputRate rate after, Hz
     * @return ceil(inputLength * outputRate / inputRate)
     */
    public static long outputLength(long inputLength, int inputRate, int outputRate) {
        return -Math.floorDiv(-Math.multiplyExact(inputLength, (long) outputRate), (long) inputRate);
    }

    @Override
    public int read(float[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (blockPosition == blockFilled) {
            nextBlock();
            if (blockFilled == 0) {
                return inputEnded ? -1 : 0;
            }
        }
        int count = Math.min(length, blockFilled - blockPosition);
        System.arraycopy(block, blockPosition, target, offset, count);
        blockPosition += count;
        return count;
    }

    private void nextBlock() {
        fillWindow();
        blockPosition = 0;
        blockFilled = (int) Math.min(block.length, inputEnded ? outputsToTheEnd() : outputsInWindow());
        if (blockFilled == 0) {
            return;
        }
        kernel.run(window, nextOutput, block, blockFilled);
        trimOnset();
        long next = nextOutput + blockFilled;
        int advance = (int) (kernel.inputAt(next) - kernel.inputAt(nextOutput));
        nextOutput = next;
        int kept = Math.max(0, windowFilled - advance);
        System.arraycopy(window, windowFilled - kept, window, 0, kept);
        windowFilled = kept;
    }

    private void fillWindow() {
        while (!inputEnded && windowFilled < window.length) {
            int read = source.read(window, windowFilled, window.length - windowFilled);
            if (read == 0) {
                break;
            }
            if (read < 0) {
                inputEnded = true;
            } else {
                windowFilled += read;
                inputRead += read;
            }
        }
    }

    /** Outputs from the next one on, all of whose inputs are in the window. */
    private long outputsInWindow() {
        int spare = windowFilled - 2 * kernel.half();
        return spare < 0 ? 0 : kernel.lastOutputAt(kernel.inputAt(nextOutput) + spare) + 1 - nextOutput;
    }

    /** Outputs from the next one on: after the last sample there is silence, and output as long as there was input. */
    private long outputsToTheEnd() {
        Arrays.fill(window, windowFilled, window.length, 0f);
        return Math.max(0, outputLength(inputRead, kernel.down(), kernel.up()) - nextOutput);
    }

    /** Takes from the first outputs what soxr leaves out of them. */
    private void trimOnset() {
        if (nextOutput == 0) {
            kernel.onset(window, onset);
        }
        for (long n = nextOutput; n < Math.min(onset.length, nextOutput + blockFilled); n++) {
            block[(int) (n - nextOutput)] -= onset[(int) n];
        }
    }

    private static void checkPositive(String subject, int rate) {
        if (rate <= 0) {
            throw new AudioException(
                    AudioException.Reason.FORMAT, subject, "a sample rate of " + rate + " Hz", "a positive one");
        }
    }

    private static void checkConvertible(String subject, int rate) {
        if (rate < MIN_RATE || rate > MAX_RATE) {
            throw new AudioException(
                    AudioException.Reason.FORMAT,
                    subject,
                    "a sample rate of " + rate + " Hz, which would have to be converted",
                    MIN_RATE + " to " + MAX_RATE + " Hz");
        }
    }
}
