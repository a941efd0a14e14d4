package org.earshot.spring;

import java.util.List;
import org.earshot.Classifier;
import org.earshot.ClassifierEvent;
import org.earshot.ClassifierListener;

/**
 * Tells all listeners of the application, in their order.
 *
 * @param listeners any number
 */
record Listeners(List<ClassifierListener> listeners) implements ClassifierListener {
    @Override
    public void loaded(Classifier<?, ?> classifier) {
        listeners.forEach(listener -> listener.loaded(classifier));
    }

    @Override
    public void unknownCity(String city, List<String> near) {
        listeners.forEach(listener -> listener.unknownCity(city, near));
    }

    @Override
    public void callEnded(ClassifierEvent event) {
        listeners.forEach(listener -> listener.callEnded(event));
    }
}
