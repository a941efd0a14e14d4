package org.earshot.spark;

import java.io.Serializable;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.earshot.audio.AudioLimits;
import org.earshot.backend.Precision;
import org.earshot.backend.choice.Backends;

/**
 * Which columns recordings are described in, and how they are classified. Immutable; each {@code with} method gives a
 * copy with one choice changed.
 */
public final class SparkOptions implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final SparkOptions DEFAULTS = new SparkOptions();

    private String path = "path";
    private String content;
    private String features;
    private String city;
    private String time;
    private String name;
    private String label = "scene_label";
    private String order;
    private boolean embedding;
    private boolean strict;
    private Compute compute = new Compute(Backends.AUTO, Precision.FLOAT32, null);

    /**
     * How a classifier computes: with other choices it is another one.
     *
     * @param windowHop null for the length of a window
     */
    record Compute(String backend, Precision precision, Duration windowHop) implements Serializable {}

    private SparkOptions() {}

    private SparkOptions(SparkOptions other) {
        path = other.path;
        content = other.content;
        features = other.features;
        city = other.city;
        time = other.time;
        name = other.name;
        label = other.label;
        order = other.order;
        embedding = other.embedding;
        strict = other.strict;
        compute = other.compute;
    }

    private SparkOptions with(Consumer<SparkOptions> change) {
        SparkOptions copy = new SparkOptions(this);
        change.accept(copy);
        return copy;
    }

    /**
     * The choices where none is made: recordings by the column {@code path}, neither city nor time known, the best
     * backend that starts.
     *
     * @return always the same
     */
    public static SparkOptions defaults() {
        return DEFAULTS;
    }

    /**
     * Names the column with the recordings' paths.
     *
     * @param column of strings: a path or a URI of a file system that the cluster knows, to be read by every executor.
     *     By default {@code path}
     * @return a copy with this choice
     */
    public SparkOptions withPathColumn(String column) {
        return with(copy -> copy.path = Objects.requireNonNull(column));
    }

    /**
     * Names the column with the recordings themselves, as Spark's source {@code binaryFile} makes it. For short ones: a
     * cell holds at most 2 GB, and a task a partition's. The path is then only a name.
     *
     * @param column of binary values: the content of the whole file
     * @return a copy with this choice
     */
    public SparkOptions withContentColumn(String column) {
        return with(copy -> copy.content = Objects.requireNonNull(column));
    }

    /**
     * Names the column with features that {@link EarshotSpark#features} made. The recordings are then not read.
     *
     * @param column of arrays of floats
     * @return a copy with this choice
     */
    public SparkOptions withFeaturesColumn(String column) {
        return with(copy -> copy.features = Objects.requireNonNull(column));
    }

    /**
     * Names the column with the cities.
     *
     * @param column of strings; null or empty where the city is not known
     * @return a copy with this choice
     */
    public SparkOptions withCityColumn(String column) {
        return with(copy -> copy.city = Objects.requireNonNull(column));
    }

    /**
     * Names the column with the local times.
     *
     * @param column of strings in the forms of {@link org.earshot.dataset.RecordTime}, or of timestamps; those with a
     *     time zone are local in the session's ({@code spark.sql.session.timeZone}). Null or empty where it is not
     *     known
     * @return a copy with this choice
     */
    public SparkOptions withTimeColumn(String column) {
        return with(copy -> copy.time = Objects.requireNonNull(column));
    }

    /**
     * Names the column by which recordings are told apart, and ranked where they are equally probable.
     *
     * @param column of strings, each another. By default the path's
     * @return a copy with this choice
     */
    public SparkOptions withNameColumn(String column) {
        return with(copy -> copy.name = Objects.requireNonNull(column));
    }

    /**
     * Names the column with the right answers, for {@link EarshotSpark#evaluate}.
     *
     * @param column of strings; rows where it is null or empty are left out. By default {@code scene_label}
     * @return a copy with this choice
     */
    public SparkOptions withLabelColumn(String column) {
        return with(copy -> copy.label = Objects.requireNonNull(column));
    }

    /**
     * Names the column that has the rows' order, on which the draws of {@link EarshotSpark#evaluate} depend: with that
     * of the metadata they are the command line's.
     *
     * @param column of numbers, each another. By default rows are ordered by name
     * @return a copy with this choice
     */
    public SparkOptions withOrderColumn(String column) {
        return with(copy -> copy.order = Objects.requireNonNull(column));
    }

    /**
     * Asks {@link EarshotSpark#classify} for embeddings, for which each recording's network runs a second time.
     *
     * @param wanted by default false
     * @return a copy with this choice
     */
    public SparkOptions withEmbedding(boolean wanted) {
        return with(copy -> copy.embedding = wanted);
    }

    /**
     * Chooses what happens to damaged recordings.
     *
     * @param refuse true to make them errors; false, the default, to use what can be decoded and note the rest
     * @return a copy with this choice
     */
    public SparkOptions withStrict(boolean refuse) {
        return with(copy -> copy.strict = refuse);
    }

    /**
     * Chooses the backend.
     *
     * @param choice as {@link org.earshot.LoadOptions#backend} takes it
     * @return a copy with this choice
     */
    public SparkOptions withBackend(String choice) {
        Objects.requireNonNull(choice);
        return with(copy -> copy.compute = new Compute(choice, compute.precision, compute.windowHop));
    }

    /**
     * Sets the precision of the large products.
     *
     * @param choice as {@link org.earshot.LoadOptions#precision} takes it
     * @return a copy with this choice
     */
    public SparkOptions withPrecision(Precision choice) {
        Objects.requireNonNull(choice);
        return with(copy -> copy.compute = new Compute(compute.backend, choice, compute.windowHop));
    }

    /**
     * Sets the distance between the windows of a long recording.
     *
     * @param hop as {@link org.earshot.LoadOptions#windowHop} takes it
     * @return a copy with this choice
     */
    public SparkOptions withWindowHop(Duration hop) {
        Objects.requireNonNull(hop);
        return with(copy -> copy.compute = new Compute(compute.backend, compute.precision, hop));
    }

    String path() {
        return path;
    }

    Optional<String> content() {
        return Optional.ofNullable(content);
    }

    Optional<String> features() {
        return Optional.ofNullable(features);
    }

    Optional<String> city() {
        return Optional.ofNullable(city);
    }

    Optional<String> time() {
        return Optional.ofNullable(time);
    }

    String name() {
        return name == null ? path : name;
    }

    String label() {
        return label;
    }

    Optional<String> order() {
        return Optional.ofNullable(order);
    }

    boolean embedding() {
        return embedding;
    }

    Compute compute() {
        return compute;
    }

    AudioLimits limits() {
        return AudioLimits.defaults().withStrict(strict);
    }
}
