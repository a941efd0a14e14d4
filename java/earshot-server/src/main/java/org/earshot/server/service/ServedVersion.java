package org.earshot.server.service;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.earshot.ClassifierHealth;
import org.earshot.SceneClassifier;
import org.earshot.SceneClassifierHolder;

/** One version of a model that is served. Thread-safe. */
public final class ServedVersion {
    private final String model;
    private final int version;
    private final SceneClassifierHolder holder;
    private volatile ModelInfo info;

    ServedVersion(String model, int version, SceneClassifier.Builder builder) {
        this.model = model;
        this.version = version;
        holder = SceneClassifierHolder.load(builder);
        info = holder.use(ModelInfo::of);
    }

    /** Replaces what serves; if that fails, the one before goes on. */
    void replace(SceneClassifier.Builder builder) {
        holder.replace(builder);
        info = holder.use(ModelInfo::of);
    }

    /**
     * The model's name.
     *
     * @return as requests have it
     */
    public String model() {
        return model;
    }

    /**
     * Which version it is.
     *
     * @return as requests have it
     */
    public String version() {
        return Integer.toString(version);
    }

    /**
     * What is to be known of it.
     *
     * @return of what serves at the moment
     */
    public ModelInfo info() {
        return info;
    }

    /**
     * Whether it can answer.
     *
     * @return ready, or why not
     */
    public ClassifierHealth health() {
        return holder.health();
    }

    /**
     * Begins a call.
     *
     * @param call is handed the classifier, which stays open until its future is done
     * @return that future
     */
    <R> CompletableFuture<R> begin(Function<SceneClassifier, CompletableFuture<R>> call) {
        return holder.useAsync(call);
    }

    void close() {
        holder.close();
    }
}
