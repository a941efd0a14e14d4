package org.earshot.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.earshot.architecture.Architecture;
import org.earshot.config.ConfigObject;
import org.earshot.config.ConfigSection;
import org.earshot.error.FieldException;
import org.earshot.error.ModelException;
import org.earshot.features.FeatureParameters;
import org.earshot.files.AtomicFile;
import org.earshot.files.IoReason;
import org.earshot.files.Label;
import org.earshot.files.Quoted;
import org.earshot.files.UnpooledJson;
import org.earshot.model.ContextParameters.TimeEncoding;
import org.earshot.model.ContextParameters.UnknownLocation;

/**
 * A model's {@code config.json}: what its weights cannot say.
 *
 * @param source the file, for messages
 * @param architecture which system it is
 * @param labels the classes, in the order of the logits
 * @param features the log-mel front end
 * @param context city and time, or null for a model without them
 * @param options the architecture's own, {@code model} in the file; the architecture reads them
 */
public record ModelConfig(
        Path source,
        Architecture architecture,
        List<String> labels,
        FeatureParameters features,
        ContextParameters context,
        ConfigObject options) {
    /** Labels at most in a message. */
    private static final int LISTED = 5;

    private static final int ANY = Integer.MAX_VALUE;
    private static final JsonMapper JSON = new JsonMapper(UnpooledJson.factory().build());

    /**
     * Copies the list.
     *
     * @param source the file
     * @param architecture the system
     * @param labels the classes
     * @param features the front end
     * @param context city and time, or null
     * @param options the architecture's own
     */
    public ModelConfig {
        labels = List.copyOf(labels);
    }

    /**
     * Reads a configuration strictly: every field must be there, known and of its type. Only those under {@code model}
     * are left to the architecture.
     *
     * @param configJson the file
     * @return the configuration
     * @throws ModelException naming file and field if anything is wrong
     */
    public static ModelConfig read(Path configJson) {
        return of(ConfigSection.read(configJson), configJson);
    }

    /**
     * Reads a configuration from memory, as strictly as {@link #read} does.
     *
     * @param json the content of a {@code config.json}
     * @param name what messages call it
     * @return the configuration
     * @throws ModelException naming the field if anything is wrong
     */
    public static ModelConfig parse(String json, String name) {
        return of(ConfigSection.parse(name, json), Label.of(name));
    }

    private static ModelConfig of(ConfigSection root, Path source) {
        Architecture architecture = root.choice("architecture", Architecture.class);
        List<String> labels = root.strings("labels");
        FeatureParameters features = features(root.section("features"));
        ContextParameters context =
                root.nullableSection("context").map(ModelConfig::context).orElse(null);
        ConfigObject options = root.unread("model");
        root.finish();
        return new ModelConfig(source, architecture, labels, features, context, options);
    }

    private static FeatureParameters features(ConfigSection section) {
        int sampleRate = section.integer("sample_rate", 1, ANY);
        int fftSize = section.integer("n_fft", 1, ANY);
        int windowLength = section.integer("win_length", 1, ANY);
        int hopLength = section.integer("hop_length", 1, ANY);
        int melBands = section.integer("n_mels", 1, ANY);
        double minimumFrequency = section.number("fmin");
        double maximumFrequency = section.number("fmax");
        int frames = section.integer("frames", 1, ANY);
        FeatureParameters.PadMode padMode = section.choice("pad_mode", FeatureParameters.PadMode.class);
        double topDecibel = section.number("top_db");
        section.finish();
        return checked(
                section,
                () -> new FeatureParameters(
                        sampleRate,
                        fftSize,
                        windowLength,
                        hopLength,
                        melBands,
                        minimumFrequency,
                        maximumFrequency,
                        frames,
                        padMode,
                        topDecibel));
    }

    private static ContextParameters context(ConfigSection section) {
        List<String> locations = section.strings("locations");
        TimeEncoding timeEncoding = section.choice("time_encoding", TimeEncoding.class);
        UnknownLocation unknownLocation = section.choice("unknown_location", UnknownLocation.class);
        section.finish();
        return checked(section, () -> new ContextParameters(locations, timeEncoding, unknownLocation));
    }

    /** Makes what was read into a value, which may refuse one of the section's fields. */
    private static <T> T checked(ConfigSection section, Supplier<T> constructor) {
        try {
            return constructor.get();
        } catch (FieldException e) {
            throw section.wrong(e);
        }
    }

    /**
     * Checks that this model's features are another's too, so that they need to be computed only once for both.
     *
     * @param other whose features they should be
     * @throws ModelException naming the first field that differs
     */
    public void requireFeaturesOf(ModelConfig other) {
        ObjectNode expected = JSON.createObjectNode();
        writeFeatures(expected, other.features);
        ObjectNode found = JSON.createObjectNode();
        writeFeatures(found, features);
        found.properties().forEach(field -> {
            if (!field.getValue().equals(expected.get(field.getKey()))) {
                throw new ModelException(
                        source + ": features." + field.getKey(),
                        field.getValue().toString(),
                        expected.get(field.getKey()) + ", as in " + other.source);
            }
        });
    }

    /**
     * Checks that this model's labels are another's too, in any order.
     *
     * @param other whose labels they should be
     * @throws ModelException naming those that only one of them has
     */
    public void requireLabelsOf(ModelConfig other) {
        String difference = Stream.of(
                        difference("without ", other.labels, labels), difference("with ", labels, other.labels))
                .flatMap(Stream::ofNullable)
                .collect(Collectors.joining(", "));
        if (!difference.isEmpty()) {
            throw new ModelException(
                    source + ": labels",
                    labels.size() + " " + difference,
                    "those of " + other.source + ", in any order");
        }
    }

    private static String difference(String word, List<String> labels, List<String> others) {
        List<String> only =
                labels.stream().filter(label -> !others.contains(label)).toList();
        if (only.isEmpty()) {
            return null;
        }
        return only.stream()
                .limit(LISTED)
                .map(Quoted::of)
                .collect(Collectors.joining(", ", word, only.size() > LISTED ? ", ..." : ""));
    }

    /**
     * Writes the configuration, whole or not at all.
     *
     * @param configJson the file to write or replace
     * @throws ModelException if that fails
     */
    public void write(Path configJson) {
        try {
            byte[] json = JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(tree());
            AtomicFile.write(configJson, out -> out.write(json));
        } catch (IOException e) {
            throw new ModelException(
                    configJson, "a file that cannot be written (" + IoReason.of(e) + ")", "a writable folder", e);
        }
    }

    /**
     * The configuration as JSON.
     *
     * @return what {@link #parse} reads, in one line, the fields in the order of their names: always the same for the
     *     same configuration
     */
    public String json() {
        try {
            return JSON.writer().with(JsonNodeFeature.WRITE_PROPERTIES_SORTED).writeValueAsString(tree());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e); // A tree has a text.
        }
    }

    private ObjectNode tree() {
        ObjectNode root = JSON.createObjectNode();
        root.put("architecture", architecture.label());
        labels.forEach(root.putArray("labels")::add);
        writeFeatures(root.putObject("features"), features);
        if (context == null) {
            root.putNull("context");
        } else {
            ObjectNode section = root.putObject("context");
            context.locations().forEach(section.putArray("locations")::add);
            section.put("time_encoding", ConfigSection.word(context.timeEncoding()));
            section.put("unknown_location", ConfigSection.word(context.unknownLocation()));
        }
        root.set("model", options.json());
        return root;
    }

    /**
     * Feature parameters as a configuration has them.
     *
     * @param features the parameters
     * @return the JSON object {@code features}, in one line, always the same for the same parameters
     */
    public static String json(FeatureParameters features) {
        ObjectNode section = JSON.createObjectNode();
        writeFeatures(section, features);
        return section.toString();
    }

    private static void writeFeatures(ObjectNode section, FeatureParameters features) {
        section.put("sample_rate", features.sampleRate());
        section.put("n_fft", features.fftSize());
        section.put("win_length", features.windowLength());
        section.put("hop_length", features.hopLength());
        section.put("n_mels", features.melBands());
        section.put("fmin", features.minimumFrequency());
        section.put("fmax", features.maximumFrequency());
        section.put("frames", features.frames());
        section.put("pad_mode", ConfigSection.word(features.padMode()));
        section.put("top_db", features.topDecibel());
    }
}
