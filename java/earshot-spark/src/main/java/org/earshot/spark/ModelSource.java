package org.earshot.spark;

import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.earshot.SceneClassifier;
import org.earshot.error.ModelException;
import org.earshot.files.IoReason;
import org.earshot.model.ModelConfig;
import org.earshot.model.ModelDirectory;
import org.earshot.weights.KeyMap;

/**
 * A model on its way to the executors: configuration and weights in memory, read and checked once, where the driver
 * runs. Immutable.
 *
 * <p>Executors get it as a broadcast variable and refuse what does not have the same digest.
 */
public final class ModelSource implements Serializable {
    private static final long serialVersionUID = 1L;

    /** The longest array that every JVM makes. */
    private static final long MOST_BYTES = Integer.MAX_VALUE - 8L;

    private final String location;
    private final String config;
    private final byte[] weights;
    private final String digest;
    private final boolean twoStages;

    private ModelSource(String location, String config, String weightFile, byte[] weights) {
        this.location = location;
        this.config = config;
        this.weights = weights;
        ModelDirectory read = ModelDirectory.of(
                config(), ModelDirectory.weights(ByteBuffer.wrap(weights), weightFile, KeyMap.identity()));
        digest = read.digest();
        twoStages = read.model().coarse().isPresent();
    }

    /**
     * Reads a model directory.
     *
     * @param directory with {@code config.json} and {@code model.safetensors}, of any of Java's file systems
     * @return the model
     * @throws org.earshot.error.EarshotException if it cannot be read, contradicts itself, or has its weights in
     *     several files
     */
    public static ModelSource directory(Path directory) {
        Path weights = ModelDirectory.weightFile(directory);
        if (weights.endsWith(ModelDirectory.INDEX)) {
            throw severalFiles(weights);
        }
        Path config = directory.resolve(ModelDirectory.CONFIG);
        try {
            return new ModelSource(directory.toString(), Files.readString(config), weights.toString(), bytes(weights));
        } catch (IOException e) {
            throw unreadable(directory, e);
        }
    }

    /**
     * Reads a model directory from where a cluster keeps its files.
     *
     * @param location such as {@code hdfs://host/models/ascmamba} or a path of the default file system
     * @param hadoop names the file systems, as {@code spark.sparkContext().hadoopConfiguration()} does
     * @return the model
     * @throws org.earshot.error.EarshotException as {@link #directory}
     */
    public static ModelSource read(String location, Configuration hadoop) {
        org.apache.hadoop.fs.Path directory = new org.apache.hadoop.fs.Path(location);
        org.apache.hadoop.fs.Path weights = new org.apache.hadoop.fs.Path(directory, ModelDirectory.WEIGHTS);
        org.apache.hadoop.fs.Path index = new org.apache.hadoop.fs.Path(directory, ModelDirectory.INDEX);
        try {
            FileSystem files = directory.getFileSystem(hadoop);
            if (!files.exists(weights) && files.exists(index)) {
                throw severalFiles(index);
            }
            String config = new String(
                    content(files, new org.apache.hadoop.fs.Path(directory, ModelDirectory.CONFIG)),
                    StandardCharsets.UTF_8);
            return new ModelSource(location, config, weights.toString(), content(files, weights));
        } catch (IOException e) {
            throw unreadable(location, e);
        }
    }

    /**
     * What tells that a model directory's files have been written again: their lengths and times.
     *
     * @throws org.earshot.error.EarshotException if there is no such directory
     */
    static String version(String location, Configuration hadoop) {
        org.apache.hadoop.fs.Path directory = new org.apache.hadoop.fs.Path(location);
        try {
            StringBuilder version = new StringBuilder();
            for (FileStatus file : directory.getFileSystem(hadoop).listStatus(directory)) {
                version.append(file.getPath().getName()).append(' ').append(file.getLen());
                version.append(' ').append(file.getModificationTime()).append('\n');
            }
            return version.toString();
        } catch (IOException e) {
            throw unreadable(location, e);
        }
    }

    private static byte[] content(FileSystem files, org.apache.hadoop.fs.Path file) throws IOException {
        requireFits(file, files.getFileStatus(file).getLen());
        try (var in = files.open(file)) {
            return in.readAllBytes();
        }
    }

    private static byte[] bytes(Path file) throws IOException {
        requireFits(file, Files.size(file));
        return Files.readAllBytes(file);
    }

    private static void requireFits(Object file, long size) {
        if (size > MOST_BYTES) {
            throw new ModelException(file, size + " bytes", "at most " + MOST_BYTES + ", which one array holds");
        }
    }

    private static ModelException severalFiles(Object index) {
        return new ModelException(
                index, "weights in several files", "one file, as tools/earshot convert makes of them");
    }

    private static ModelException unreadable(Object location, IOException e) {
        return new ModelException(
                location,
                "a directory that cannot be read (" + IoReason.of(e) + ")",
                "a model directory, with " + ModelDirectory.CONFIG + " and " + ModelDirectory.WEIGHTS,
                e);
    }

    /**
     * The model's configuration.
     *
     * @return as read
     */
    public ModelConfig config() {
        return ModelConfig.parse(config, location + "/" + ModelDirectory.CONFIG);
    }

    /**
     * By what the model is known again.
     *
     * @return as {@link SceneClassifier#modelDigest} has it
     */
    public String digest() {
        return digest;
    }

    /** Whether its answers have two stages. */
    boolean twoStages() {
        return twoStages;
    }

    /** Begins to load it. */
    SceneClassifier.Builder builder() {
        return SceneClassifier.builder(config(), ByteBuffer.wrap(weights));
    }

    @Override
    public String toString() {
        return location;
    }
}
