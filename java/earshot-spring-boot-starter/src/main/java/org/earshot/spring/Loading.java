package org.earshot.spring;

import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.Function;
import org.earshot.SceneClassifier;
import org.earshot.error.BackendException;
import org.earshot.error.EarshotException;

/** Loads the model of the properties, and says by which of them it fails. */
final class Loading {
    private static final String MODEL = "earshot.model";
    private static final String WEIGHTS = "earshot.weights";
    /** What may be at odds with the machine, the model, or each other. */
    private static final List<String> CHOICES = List.of(
            "earshot.backend",
            "earshot.precision",
            "earshot.devices",
            "earshot.memory-limit",
            "earshot.threads",
            "earshot.sessions",
            "earshot.batching.max-size",
            "earshot.window-hop");

    private Loading() {}

    /**
     * Loads.
     *
     * @param how what is made of the builder
     * @throws EarshotPropertyException naming the properties that it fails by
     */
    static <R> R load(
            EarshotProperties properties, SceneClassifierBuilders builders, Function<SceneClassifier.Builder, R> how) {
        if (properties.model() == null) {
            throw new EarshotPropertyException(
                    List.of(MODEL),
                    "found no model; expected a model directory (config.json and model.safetensors)",
                    "Set " + MODEL + ", to a path or to a location such as classpath:model/; or define a bean of type "
                            + "SceneClassifier or SceneClassifierHolder.",
                    null);
        }
        try {
            return how.apply(builders.builder());
        } catch (BackendException | IllegalArgumentException e) {
            throw new EarshotPropertyException(
                    CHOICES,
                    e.getMessage(),
                    "Change the property that this is about, or leave it out: the default fits every machine.",
                    e);
        } catch (UncheckedIOException | EarshotException e) {
            throw new EarshotPropertyException(
                    properties.weights() == null ? List.of(MODEL) : List.of(MODEL, WEIGHTS),
                    e instanceof UncheckedIOException io ? io.getCause().getMessage() : e.getMessage(),
                    "Have " + MODEL + " name a directory with config.json and model.safetensors, and " + WEIGHTS
                            + ", if it is set, a file of weights that fit that configuration. 'earshot inspect' and "
                            + "'earshot convert' show and make them.",
                    e);
        }
    }
}
