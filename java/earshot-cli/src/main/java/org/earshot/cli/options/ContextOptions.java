package org.earshot.cli.options;

import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Optional;
import org.earshot.RecordingContext;
import org.earshot.dataset.Metadata;
import org.earshot.dataset.RecordTime;
import org.earshot.files.Quoted;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The options that say where and when recordings were made. */
public final class ContextOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--city", paramLabel = "NAME", description = "City in which all recordings were made.")
    private String city;

    @Option(
            names = "--time",
            paramLabel = "TIME",
            converter = TimeConverter.class,
            description = "Local time at which all recordings were made, such as 2023-06-18T18:44.")
    private LocalDateTime time;

    @Option(
            names = "--metadata",
            paramLabel = "CSV",
            description = "City and time of each recording: a file with the columns"
                    + " filename,location,record_time,scene_label. Rows are found by file name. With labels in it,"
                    + " the accuracy is printed at the end.")
    private Path metadata;

    /** Reads the metadata if there are any. */
    public Optional<Metadata> metadata() {
        if (metadata == null) {
            return Optional.empty();
        }
        if (city != null || time != null) {
            throw new ParameterException(
                    spec.commandLine(), "--metadata stands instead of --city and --time, not beside them");
        }
        return Optional.of(Metadata.read(metadata));
    }

    /** The metadata's file; null if there is none. */
    public Path file() {
        return metadata;
    }

    /** City and time of all recordings where there are no metadata. */
    public RecordingContext common() {
        return RecordingContext.of(city, time);
    }

    /** Reads a time as metadata files have it. */
    static final class TimeConverter implements ITypeConverter<LocalDateTime> {
        @Override
        public LocalDateTime convert(String value) {
            return RecordTime.parse(value)
                    .orElseThrow(() -> new TypeConversionException(
                            "found " + Quoted.of(value) + "; expected " + RecordTime.FORMS));
        }
    }
}
