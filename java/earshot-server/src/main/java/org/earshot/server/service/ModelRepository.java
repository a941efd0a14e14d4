package org.earshot.server.service;

import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.earshot.ClassifierHealth;
import org.earshot.SceneClassifier;
import org.earshot.error.EarshotException;
import org.earshot.error.ModelException;
import org.earshot.files.Quoted;

/** The models that are served. Thread-safe. */
public final class ModelRepository implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(ModelRepository.class.getName());

    private final Map<String, ServedModel> models = new LinkedHashMap<>();

    /**
     * Loads and warms up all models.
     *
     * @param sources at least one, each of another name
     * @param builders how a model directory is to be loaded
     * @throws EarshotException if one cannot be loaded
     */
    public ModelRepository(List<ModelSource> sources, Function<Path, SceneClassifier.Builder> builders) {
        boolean complete = false;
        try {
            for (ModelSource source : sources) {
                if (models.containsKey(source.name())) {
                    throw new ModelException(
                            "model " + source.directory(),
                            "the name " + Quoted.of(source.name()) + ", which another model has",
                            "a name of its own (NAME=DIR)");
                }
                models.put(source.name(), new ServedModel(source, builders));
            }
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    /**
     * All models.
     *
     * @return in the order they were given
     */
    public Collection<ServedModel> models() {
        return models.values();
    }

    /**
     * A model.
     *
     * @param name as requests have it; null or empty for the first
     * @return the model
     * @throws RequestException if there is none of that name
     */
    public ServedModel model(String name) {
        ServedModel model =
                name == null || name.isEmpty() ? models.values().iterator().next() : models.get(name);
        if (model == null) {
            throw new RequestException(
                    Problem.NOT_FOUND,
                    "model: found " + Quoted.of(name) + "; expected one of " + String.join(", ", models.keySet()));
        }
        return model;
    }

    /**
     * Loads a model anew, the one before serving until the new one is warm.
     *
     * @param name as requests have it
     * @throws RequestException if there is none of that name, it cannot be loaded, or is being loaded already: each
     *     that waited for its turn would keep a thread from all who want an answer
     */
    public void load(String name) {
        ServedModel model = model(name);
        loadAnew(name, () -> {
            if (!model.tryLoad()) {
                throw new RequestException(
                        Problem.BUSY,
                        "model " + name + ": found it being loaded already; expected that to be over, in a while");
            }
        });
    }

    private static void loadAnew(String name, Runnable loading) {
        try {
            loading.run();
            LOGGER.log(System.Logger.Level.INFO, () -> "model " + name + " loaded anew");
        } catch (EarshotException | IllegalArgumentException e) {
            // The latter where the server's choices, which fitted the model before, do not fit this one.
            LOGGER.log(
                    System.Logger.Level.WARNING,
                    () -> "model " + name + " not loaded anew, the one before goes on: " + e.getMessage());
            throw new RequestException(
                    Problem.INTERNAL,
                    "model " + name + ": found one that cannot be loaded; the one before goes on, and the server's"
                            + " log says why");
        }
    }

    /** Loads all models anew; of those that cannot be, the log says why. */
    public void loadAll() {
        for (String name : models.keySet()) {
            try {
                loadAnew(name, models.get(name)::load);
            } catch (RequestException e) {
                LOGGER.log(System.Logger.Level.DEBUG, "told before", e);
            } catch (OutOfMemoryError e) {
                LOGGER.log(
                        System.Logger.Level.WARNING,
                        () -> "model " + name + " not loaded anew, the one before goes on: found no memory for another;"
                                + " -Xmx gives Java more");
            }
        }
    }

    /**
     * Why the server cannot answer.
     *
     * @return the first reason; empty if every version of every model is ready
     */
    public Optional<String> unready() {
        return models.values().stream()
                .flatMap(model -> model.versions().stream())
                .filter(version -> !version.health().isReady())
                .map(version -> {
                    ClassifierHealth health = version.health();
                    return "model " + version.model() + ", version " + version.version() + ": " + health.reason();
                })
                .findFirst();
    }

    /** Frees all models, after their last calls. */
    @Override
    public void close() {
        models.values().forEach(ServedModel::close);
    }
}
