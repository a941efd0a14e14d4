package org.earshot;

import java.util.List;

/**
 * Is told what a classifier meets that is no error, and that whoever runs a service should know. Called in the callers'
 * threads (of asynchronous calls, in the classifier's own), several at once; unless a method says otherwise, an
 * exception thrown here is the call's.
 */
public interface ClassifierListener {
    /** A listener that does nothing. */
    ClassifierListener NONE = new ClassifierListener() {};

    /**
     * A classifier or an ensemble was loaded, whose calls this will be told of. Called once for each, in the thread
     * that loads, before its {@code load} returns; an exception thrown here is that of {@code load}.
     *
     * @param classifier what was loaded
     */
    default void loaded(Classifier<?, ?> classifier) {
        // Of no interest to those who do not say so.
    }

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

    /**
     * A call has ended, with an answer or without. Told once for each call, before its caller gets the answer: whoever
     * takes long here holds it up. An exception thrown here is logged, and changes nothing.
     *
     * @param event what became of it, and where its time went
     */
    default void callEnded(ClassifierEvent event) {
        // Of no interest to those who do not say so.
    }
}
