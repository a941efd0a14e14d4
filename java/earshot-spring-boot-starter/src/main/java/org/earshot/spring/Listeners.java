package org.earshot.spring;

import java.util.List;
import java.util.function.Consumer;
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
        tell(0, listener -> listener.unknownCity(city, near));
    }

    @Override
    public void callEnded(ClassifierEvent event) {
        tell(0, listener -> listener.callEnded(event));
    }

    /** Meters count a call whatever a listener before them threw of it. */
    private void tell(int from, Consumer<ClassifierListener> what) {
        if (from < listeners.size()) {
            try {
                what.accept(listeners.get(from));
            } finally {
                tell(from + 1, what);
            }
        }
    }
}
