package org.earshot.spring;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.earshot.Classifier;
import org.earshot.ClassifierHealth;
import org.earshot.SceneClassifierHolder;
import org.springframework.beans.factory.ListableBeanFactory;

/** What a health indicator says of the application's classifiers, ensembles and holders. */
final class ClassifierHealths {
    @SuppressWarnings("rawtypes") // As Spring is asked for types.
    private final Map<String, Classifier> classifiers;

    private final Map<String, SceneClassifierHolder> holders;

    ClassifierHealths(ListableBeanFactory beans) {
        classifiers = beans.getBeansOfType(Classifier.class);
        holders = beans.getBeansOfType(SceneClassifierHolder.class);
    }

    /** Whether all can answer. */
    boolean areReady() {
        return classifiers.values().stream()
                        .allMatch(classifier -> classifier.health().isReady())
                && holders.values().stream().allMatch(holder -> holder.health().isReady());
    }

    /** What there is to say of each, by the name of its bean. */
    Map<String, Object> details() {
        Map<String, Object> details = new TreeMap<>();
        classifiers.forEach((name, classifier) -> {
            Map<String, Object> of = details(classifier.health(), classifier.modelDigest());
            of.put("architecture", classifier.architecture());
            of.put("backend", classifier.backend());
            details.put(name, of);
        });
        holders.forEach((name, holder) -> details.put(name, details(holder.health(), holder.modelDigest())));
        return details;
    }

    private static Map<String, Object> details(ClassifierHealth health, String digest) {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("state", health.state().name());
        if (!health.isReady()) {
            details.put("reason", health.reason());
        }
        details.put("model", digest);
        return details;
    }
}
