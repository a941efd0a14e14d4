package org.earshot.cli.options;

import java.nio.file.Path;
import java.util.List;
import org.earshot.cli.output.Console;
import org.earshot.dataset.Dataset;
import org.earshot.model.ModelConfig;
import picocli.CommandLine.Option;

/** The options that name a set of recordings. */
public class SetOptions {
    @Option(
            names = "--metadata",
            required = true,
            paramLabel = "CSV",
            description = "What is known of each recording: a file with the columns"
                    + " filename,location,record_time,scene_label.")
    private Path metadata;

    @Option(
            names = "--audio",
            required = true,
            paramLabel = "DIR",
            description = "Folder with the recordings in and below it, found by relative path, else by file name.")
    private Path audio;

    /** Reads the metadata and finds the recordings. */
    public Dataset read() {
        return Dataset.open(metadata, audio);
    }

    /** The metadata's file. */
    public Path metadata() {
        return metadata;
    }

    /** Says which cities a model does not know, once for models that say the same. */
    public static void warnOfUnknownCities(Console console, Dataset clips, List<ModelConfig> configs) {
        configs.stream()
                .flatMap(config -> clips.unknownCities(config).stream())
                .distinct()
                .forEach(console::say);
    }
}
