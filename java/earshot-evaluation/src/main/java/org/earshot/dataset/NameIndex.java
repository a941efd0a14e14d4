package org.earshot.dataset;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** Finds things by the last part of their names, and of several those that have most folders in common with a name. */
final class NameIndex<T> {
    private final List<Entry<T>> entries;
    private final BiFunction<NameMatch, NamePath, String> key;
    private final Map<NameMatch, Map<String, List<Entry<T>>>> byKey = new EnumMap<>(NameMatch.class);

    /** A thing and its name. */
    record Entry<T>(NamePath name, T value) {}

    /**
     * Takes the things.
     *
     * @param entries all of them
     * @param key what of an entry's name is compared
     */
    NameIndex(List<Entry<T>> entries, BiFunction<NameMatch, NamePath, String> key) {
        this.entries = entries;
        this.key = key;
    }

    /**
     * Looks for a name.
     *
     * @param match how alike the names must be
     * @param wanted what of the name is compared
     * @param path the name with its folders
     * @return all that match; of these the ones that share most folders with the path
     */
    List<Entry<T>> find(NameMatch match, String wanted, NamePath path) {
        Comparator<Entry<T>> order = Comparator.<Entry<T>>comparingInt(entry -> path.sharedFolders(entry.name))
                .thenComparingInt(entry -> path.sharedFoldersExactly(entry.name));
        List<Entry<T>> best = new ArrayList<>();
        for (Entry<T> candidate : byKey.computeIfAbsent(match, this::index).getOrDefault(wanted, List.of())) {
            int compared = best.isEmpty() ? 0 : order.compare(candidate, best.get(0));
            if (compared > 0) {
                best.clear();
            }
            if (compared >= 0) {
                best.add(candidate);
            }
        }
        return best;
    }

    private Map<String, List<Entry<T>>> index(NameMatch match) {
        Map<String, List<Entry<T>>> index = new HashMap<>();
        for (Entry<T> entry : entries) {
            index.computeIfAbsent(key.apply(match, entry.name), name -> new ArrayList<>())
                    .add(entry);
        }
        return index;
    }
}
