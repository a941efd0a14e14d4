package org.earshot.parity;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.earshot.backend.Backend;
import org.earshot.error.ModelException;
import org.earshot.error.WeightsException;
import org.earshot.files.IoReason;
import org.earshot.model.ModelDirectory;

/**
 * Compares what a backend computes with what PyTorch computed: runs the golden files of a model directory
 * (tools/reference/spec/golden-files.md), and says which layer is the first that differs.
 */
public final class Parity {
    /**
     * Differences of log-mel values are judged in dB, not by their spread: what tools/reference/spec/features.md asks
     * for.
     */
    public static final double FEATURE_LIMIT_DECIBEL = 0.01;

    /** Likewise on average over the bands below 20 kHz, where samples were brought to another rate. */
    public static final double RESAMPLED_LIMIT_DECIBEL = 0.05;

    /**
     * Mean difference of resampled samples, relative to their spread. Ours and soxr's "HQ" agree up to 91.3 % of the
     * Nyquist frequency; what little either leaves above it is this much of noise, of which another resampler makes ten
     * times more.
     */
    static final double SAMPLE_LIMIT = 1e-3;

    private Parity() {}

    /**
     * The golden files of a model directory.
     *
     * @param directory the model directory
     * @return all {@code golden*.safetensors} in it, sorted by name
     * @throws ModelException if there is none
     */
    public static List<Path> goldens(Path directory) {
        List<Path> goldens;
        try (Stream<Path> files = Files.list(directory)) {
            goldens = files.filter(file -> file.getFileName().toString().matches("golden.*\\.safetensors"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new ModelException(
                    directory, "a folder that cannot be read (" + IoReason.of(e) + ")", "a readable folder", e);
        }
        if (goldens.isEmpty()) {
            throw new ModelException(directory, "no golden*.safetensors", "at least one golden file");
        }
        return goldens;
    }

    /**
     * Runs one golden file.
     *
     * @param directory the model it belongs to
     * @param golden the golden file
     * @param backend what is to be checked
     * @param options how
     * @return one comparison for each output in the file, and for each module's that has a counterpart;
     *     {@code output.probabilities} are those after score fusion
     * @throws WeightsException if the file lacks an input, a tensor has a shape that does not fit, or there is nothing
     *     to compare
     */
    public static ParityResult check(ModelDirectory directory, Path golden, Backend backend, ParityOptions options) {
        try {
            return new GoldenCheck(directory, Golden.read(golden), backend, options).run();
        } catch (IllegalArgumentException e) {
            throw new WeightsException(golden, e.getMessage(), "inputs and outputs of this network", e);
        }
    }
}
