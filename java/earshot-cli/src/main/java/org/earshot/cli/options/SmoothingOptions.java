package org.earshot.cli.options;

import java.time.Duration;
import org.earshot.files.Quoted;
import org.earshot.segmentation.SegmentationOptions;
import org.earshot.segmentation.Smoothing;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The options that say how windows become segments. */
public final class SmoothingOptions {
    private static final double NANOSECONDS = 1e9;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--smoothing",
            paramLabel = "METHOD",
            converter = SmoothingConverter.class,
            description = "How windows are smoothed before the scene is judged: none, exponential:SECONDS (time"
                    + " constant), median:WINDOWS, or markov:SECONDS (a scene's mean stay). Default: none.")
    private Smoothing smoothing;

    @Option(
            names = "--enter",
            paramLabel = "P",
            description = "Smoothed probability that a scene needs to be entered; where none has it, there is no"
                    + " segment. Default: none needed.")
    private Double enter;

    @Option(
            names = "--leave",
            paramLabel = "P",
            description = "Smoothed probability below which a scene is left. Default: as soon as another is more"
                    + " probable.")
    private Double leave;

    @Option(
            names = "--shortest",
            paramLabel = "SECONDS",
            description = "Shortest segment; what lasts for less belongs to the one before. Default: 8.")
    private Double shortest;

    /** Whether one of them was given. */
    public boolean given() {
        return smoothing != null || enter != null || leave != null || shortest != null;
    }

    /** The choices. */
    public SegmentationOptions segmentation() {
        SegmentationOptions options = SegmentationOptions.defaults();
        if (smoothing != null) {
            options = options.withSmoothing(smoothing);
        }
        if (shortest != null) {
            options = options.withShortestDwell(seconds("--shortest", shortest));
        }
        try {
            return options.withThresholds(
                    enter == null ? options.enter() : enter, leave == null ? options.leave() : leave);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--enter, --leave: " + e.getMessage(), e);
        }
    }

    private Duration seconds(String option, double value) {
        // Written so that NaN fails too. A day is far beyond any scene.
        if (!(value >= 0 && value <= Duration.ofDays(1).toSeconds())) {
            throw new ParameterException(
                    spec.commandLine(), option + ": found " + value + "; expected a number of seconds, 0 or more");
        }
        return Duration.ofNanos(Math.round(value * NANOSECONDS));
    }

    /** Reads a method and its number. */
    static final class SmoothingConverter implements ITypeConverter<Smoothing> {
        @Override
        public Smoothing convert(String value) {
            int colon = value.indexOf(':');
            String number = value.substring(colon + 1);
            try {
                return switch (colon < 0 ? value : value.substring(0, colon + 1)) {
                    case "none" -> new Smoothing.None();
                    case "exponential:" -> new Smoothing.Exponential(duration(number));
                    case "median:" -> new Smoothing.Median(Integer.parseInt(number));
                    case "markov:" -> new Smoothing.HiddenMarkov(duration(number));
                    default -> throw refusal(value, null);
                };
            } catch (IllegalArgumentException e) {
                throw refusal(value, e);
            }
        }

        private static Duration duration(String seconds) {
            return Duration.ofNanos(Math.round(Double.parseDouble(seconds) * NANOSECONDS));
        }

        private static TypeConversionException refusal(String value, IllegalArgumentException cause) {
            TypeConversionException refusal = new TypeConversionException("found " + Quoted.of(value)
                    + "; expected none, exponential:SECONDS, median:WINDOWS (an odd number) or markov:SECONDS");
            refusal.initCause(cause);
            return refusal;
        }
    }
}
