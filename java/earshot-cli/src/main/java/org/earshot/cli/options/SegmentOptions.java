package org.earshot.cli.options;

import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.earshot.cli.output.SegmentFormat;
import org.earshot.files.Quoted;
import org.earshot.segmentation.SegmentationOptions;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The options that ask for segments instead of one answer a recording. */
public final class SegmentOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--segments",
            description = "Tell when the scene changes: one line a segment, with start, end and mean probability.")
    private boolean wanted;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            converter = FormatConverter.class,
            description = "How segments are written: table, jsonl, csv, audacity (a label track), raven (a selection"
                    + " table) or rttm. Default: table.")
    private SegmentFormat format;

    @Mixin
    private SmoothingOptions smoothing;

    /** Whether segments are asked for. */
    public boolean wanted() {
        return wanted;
    }

    /**
     * Complains of options that say nothing.
     *
     * @param drawn whether segments are drawn, asked for or not
     */
    public void check(boolean drawn) {
        if (!wanted && (format != null || (smoothing.given() && !drawn))) {
            throw new ParameterException(
                    spec.commandLine(),
                    (format != null ? "--format says" : "--smoothing, --enter, --leave and --shortest say")
                            + " how segments are made; give --segments too");
        }
        smoothing.segmentation();
    }

    /** How they are written. */
    public SegmentFormat format() {
        return format == null ? SegmentFormat.TABLE : format;
    }

    /** How they are made. */
    public SegmentationOptions segmentation() {
        return smoothing.segmentation();
    }

    /** Reads a format's name. */
    static final class FormatConverter implements ITypeConverter<SegmentFormat> {
        @Override
        public SegmentFormat convert(String value) {
            return Stream.of(SegmentFormat.values())
                    .filter(format -> format.word().equals(value))
                    .findFirst()
                    .orElseThrow(() -> new TypeConversionException("found " + Quoted.of(value) + "; expected one of "
                            + Stream.of(SegmentFormat.values())
                                    .map(SegmentFormat::word)
                                    .collect(Collectors.joining(", "))));
        }
    }
}
