package org.earshot.spring;

import org.earshot.SceneClassifier;

/**
 * A bean that makes choices for which there is no property, such as {@link org.earshot.SceneClassifier.Builder#keyMap}.
 * Listeners are not set here: every bean of type {@link org.earshot.ClassifierListener} is one.
 */
@FunctionalInterface
public interface SceneClassifierBuilderCustomizer {
    /**
     * Changes how a classifier is loaded.
     *
     * @param builder has what the properties say
     */
    void customize(SceneClassifier.Builder builder);
}
