package org.earshot.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.earshot.error.WeightsException;
import org.earshot.files.JsonReason;
import org.earshot.files.Quoted;
import org.earshot.files.TextFile;
import org.earshot.files.UnpooledJson;

/**
 * Weights in several files with an index beside them, as Hugging Face's libraries write large models
 * ({@code model.safetensors.index.json}): a JSON object whose {@code weight_map} says of every tensor which file it is
 * in.
 */
final class ShardIndex {
    /** Of an index file. */
    private static final int LARGEST_FILE = 1 << 24;

    private static final int MOST_SHARDS = 1000;
    private static final int DEEPEST = 16;
    private static final String MAP = "weight_map";
    private static final String EXPECTED = "an index of sharded weights: a JSON object with " + MAP;

    private static final JsonFactory JSON = UnpooledJson.factory()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build())
            .build();

    private ShardIndex() {}

    /**
     * Reads an index and all files it names.
     *
     * @param index the JSON file
     * @param reader reads one shard
     * @return the tensors of all shards, in the index's order
     * @throws WeightsException if the file is no index, or a shard is missing, damaged or lacks a tensor
     */
    static Weights read(Path index, Function<Path, Weights> reader) {
        Map<String, String> places = places(index);
        Set<String> names = new LinkedHashSet<>(places.values());
        if (names.size() > MOST_SHARDS) {
            throw new WeightsException(index, names.size() + " files", "at most " + MOST_SHARDS);
        }
        Map<String, Weights> shards = new LinkedHashMap<>();
        names.forEach(name -> shards.put(name, reader.apply(beside(index, name))));
        Map<String, WeightTensor> tensors = new LinkedHashMap<>();
        places.forEach((tensor, shard) -> {
            WeightTensor found = shards.get(shard).tensors().get(tensor);
            if (found == null) {
                throw new WeightsException(
                        shards.get(shard).source(),
                        "no tensor " + Quoted.of(tensor),
                        "it, as " + index.getFileName() + " says");
            }
            tensors.put(tensor, found);
        });
        List<String> leftOut = shards.values().stream()
                .flatMap(shard -> shard.tensors().keySet().stream()
                        .filter(name -> !shard.source().getFileName().toString().equals(places.get(name)))
                        .map(name -> Quoted.of(name) + " in " + shard.source().getFileName()
                                + ", of which the index says nothing"))
                .limit(MOST_SHARDS)
                .collect(Collectors.toList());
        return new LoadedWeights(index, tensors, leftOut, List.of(names.size() + " files read, which the index names"));
    }

    private static Path beside(Path index, String name) {
        try {
            return index.resolveSibling(name);
        } catch (InvalidPathException e) {
            throw new WeightsException(
                    index + ": " + MAP,
                    "the file " + Quoted.of(name),
                    "a name that files can have here (where the JVM's locale is C or POSIX, one in ASCII)",
                    e);
        }
    }

    private static Map<String, String> places(Path index) {
        Map<String, String> places = null;
        try (JsonParser parser = JSON.createParser(TextFile.read(index, LARGEST_FILE))) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new WeightsException(index, "JSON that is no object", EXPECTED);
            }
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String field = parser.currentName();
                JsonToken value = parser.nextToken();
                if (field.equals(MAP) && value == JsonToken.START_OBJECT) {
                    places = map(index, parser);
                } else {
                    parser.skipChildren();
                }
            }
            if (parser.nextToken() != null) {
                throw new WeightsException(index, "text behind the object", EXPECTED);
            }
        } catch (TextFile.UnfitException e) {
            throw new WeightsException(index, e.getMessage(), EXPECTED, e);
        } catch (JsonProcessingException e) {
            throw new WeightsException(index, "no JSON (" + JsonReason.of(e) + ")", EXPECTED, e);
        } catch (IOException e) {
            throw new IllegalStateException(e); // A string does not fail to be read.
        }
        if (places == null || places.isEmpty()) {
            throw new WeightsException(index, "JSON text without tensors in " + MAP, "a weight file, or " + EXPECTED);
        }
        return places;
    }

    private static Map<String, String> map(Path index, JsonParser parser) throws IOException {
        Map<String, String> places = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String tensor = TensorLimits.check(index, parser.currentName());
            if (parser.nextToken() != JsonToken.VALUE_STRING) {
                throw new WeightsException(
                        index + ": " + MAP + ": " + Quoted.of(tensor), "no string", "the name of a file");
            }
            places.put(tensor, shard(index, parser.getText()));
            TensorLimits.checkCount(index, places.size());
        }
        return places;
    }

    /** A file beside the index, and no other. */
    private static String shard(Path index, String name) {
        if (name.isEmpty()
                || name.equals(".")
                || name.equals("..")
                || name.chars().anyMatch(letter -> letter == '/' || letter == '\\' || letter < ' ')
                || name.equals(String.valueOf(index.getFileName()))) {
            throw new WeightsException(
                    index + ": " + MAP, "the file " + Quoted.of(name), "the plain name of a file beside the index");
        }
        return name;
    }
}
