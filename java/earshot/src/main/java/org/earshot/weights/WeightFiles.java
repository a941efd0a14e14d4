package org.earshot.weights;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.earshot.error.WeightsException;
import org.earshot.files.Label;

/** Reads weight files of every known format. */
public final class WeightFiles {
    /** One of several files, as Hugging Face's libraries name them. */
    private static final Pattern SHARD = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})(\\.[a-z]+)");

    private WeightFiles() {}

    /**
     * Reads a safetensors file or a PyTorch checkpoint, told apart by their first bytes, whatever the file is called;
     * or the index of sharded ones, and with it all its shards.
     *
     * @param path the file
     * @return its tensors; what wraps the network is taken off their names ({@link WrapperPrefixes})
     * @throws WeightsException if it is neither, or {@link Safetensors} or {@link PyTorchCheckpoint} refuses it
     */
    public static Weights read(Path path) {
        return WrapperPrefixes.strip(read(path, weights -> false));
    }

    /**
     * Reads a file of any of these formats.
     *
     * @param path the file
     * @param fits whether tensors have the names of a network, which decides where a checkpoint has several
     *     dictionaries
     * @return its tensors, under the names that they have in the file
     * @throws WeightsException as {@link #read(Path)}
     */
    public static Weights read(Path path, Predicate<Weights> fits) {
        return read(WeightFile.of(path), fits, () -> ShardIndex.read(path, shard -> shard(shard, fits)));
    }

    /**
     * Reads a file that is in memory, of any of these formats but the index of several.
     *
     * @param content the whole file; not copied, and read when values are asked for
     * @param name what messages call it
     * @param fits as for {@link #read(Path, Predicate)}
     * @return its tensors, under the names that they have in the file
     * @throws WeightsException as {@link #read(Path)}
     */
    public static Weights read(ByteBuffer content, String name, Predicate<Weights> fits) {
        Path path = Label.of(name);
        return read(WeightFile.of(content, path), fits, () -> {
            throw new WeightsException(
                    path, "the index of several files", "one file that holds all tensors, since it is in memory");
        });
    }

    private static Weights read(WeightFile found, Predicate<Weights> fits, Supplier<Weights> index) {
        try (WeightReader file = found.reader()) {
            FileKind kind = FileKind.of(file);
            return switch (kind) {
                case SAFETENSORS -> noted(Safetensors.read(file));
                case ZIP -> noted(PyTorchCheckpoint.read(file, fits));
                case JSON -> index.get();
                case OTHER ->
                    throw new WeightsException(
                            found.path(),
                            kind.description(file),
                            "a safetensors file, or a PyTorch checkpoint written by"
                                    + " torch.save(model.state_dict(), file)");
            };
        }
    }

    /** A shard is no index again. */
    private static Weights shard(Path path, Predicate<Weights> fits) {
        try (WeightReader file = WeightFile.of(path).reader()) {
            return switch (FileKind.of(file)) {
                case SAFETENSORS -> Safetensors.read(file);
                case ZIP -> PyTorchCheckpoint.read(file, fits);
                case JSON, OTHER ->
                    throw new WeightsException(
                            path, FileKind.of(file).description(file), "a shard, as the index beside it says");
            };
        }
    }

    /** Says of a shard that it is one: by itself it lacks tensors. */
    private static Weights noted(Weights weights) {
        Path name = weights.source().getFileName();
        Matcher shard = SHARD.matcher(name == null ? "" : name.toString());
        if (!shard.matches()) {
            return weights;
        }
        return LoadedWeights.renamed(
                weights,
                weights.tensors(),
                List.of(),
                List.of("this is file " + shard.group(2) + " of " + shard.group(3) + "; give " + shard.group(1)
                        + shard.group(4) + ".index.json for all of them"));
    }
}
