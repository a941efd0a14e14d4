package org.earshot;

import java.util.List;

/**
 * Is told what a classifier meets that is no error, and that whoever runs a service should know. Called in the callers'
 * threads, several at once; an exception thrown here is the call's.
 */
public interface ClassifierListener {
    /** A listener that does nothing. */
    ClassifierListener NONE = new ClassifierListener() {};

    /**
     * A call was given a city that the model does not know: it takes what its configuration's {@code unknown_location}
     * says. Told once for each call, of an ensemble once for each model.
     *
     * @param city as the call had it
     * @param near the model's cities that have names like it, the nearest first; a misspelt one is likely the first of
     *     them
     */
    default void unknownCity(String city, List<String> near) {
        // Of no interest to those who do not say so.
    }
}
