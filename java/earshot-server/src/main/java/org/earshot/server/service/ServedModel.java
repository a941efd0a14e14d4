package org.earshot.server.service;

import java.nio.file.Path;
import java.util.Collection;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.earshot.SceneClassifier;
import org.earshot.files.Quoted;

/** A model that is served, in one or more versions. Thread-safe. */
public final class ServedModel {
    private final ModelSource source;
    private final Function<Path, SceneClassifier.Builder> builders;
    private final ReentrantLock loading = new ReentrantLock();
    /** Replaced as a whole, never changed. */
    private volatile SortedMap<Integer, ServedVersion> versions = new TreeMap<>();

    ServedModel(ModelSource source, Function<Path, SceneClassifier.Builder> builders) {
        this.source = source;
        this.builders = builders;
        load();
    }

    /**
     * What requests call it.
     *
     * @return its name
     */
    public String name() {
        return source.name();
    }

    /**
     * Its versions.
     *
     * @return in the order of their numbers
     */
    public Collection<ServedVersion> versions() {
        return versions.values();
    }

    /**
     * A version.
     *
     * @param wanted its number; null or empty for the highest
     * @return the version
     * @throws RequestException if there is none of that number
     */
    public ServedVersion version(String wanted) {
        SortedMap<Integer, ServedVersion> served = versions;
        if (wanted == null || wanted.isEmpty()) {
            return served.get(served.lastKey());
        }
        return served.values().stream()
                .filter(version -> version.version().equals(wanted))
                .findFirst()
                .orElseThrow(() -> new RequestException(
                        Problem.NOT_FOUND,
                        "version of model " + name() + ": found " + Quoted.of(wanted) + "; expected one of "
                                + served.keySet().stream().map(String::valueOf).collect(Collectors.joining(", "))));
    }

    /**
     * Loads what lies in the directory now. Versions that were served before go on until their successors are warm;
     * those that are gone end with their last call.
     *
     * @throws org.earshot.error.EarshotException if a version cannot be loaded; those before it are replaced, the
     *     others go on as they are
     */
    void load() {
        loading.lock();
        try {
            loadNow();
        } finally {
            loading.unlock();
        }
    }

    /**
     * Loads as {@link #load} does, unless somebody is loading it already.
     *
     * @return whether it was loaded
     */
    boolean tryLoad() {
        if (!loading.tryLock()) {
            return false;
        }
        try {
            loadNow();
            return true;
        } finally {
            loading.unlock();
        }
    }

    private void loadNow() {
        SortedMap<Integer, ServedVersion> before = versions;
        SortedMap<Integer, ServedVersion> next = new TreeMap<>();
        try {
            source.versions().forEach((number, directory) -> {
                ServedVersion served = before.get(number);
                if (served == null) {
                    served = new ServedVersion(name(), number, builders.apply(directory));
                } else {
                    served.replace(builders.apply(directory));
                }
                next.put(number, served);
            });
            versions = next;
        } finally {
            // Of what is gone, and of what was loaded for nothing, nobody else knows.
            closeUnserved(before);
            closeUnserved(next);
        }
    }

    private void closeUnserved(SortedMap<Integer, ServedVersion> loaded) {
        loaded.forEach((number, served) -> {
            if (!versions.containsKey(number)) {
                served.close();
            }
        });
    }

    void close() {
        versions.values().forEach(ServedVersion::close);
    }
}
