package org.earshot.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What all names of tensors begin with. */
final class CommonPrefix {
    private CommonPrefix() {}

    /**
     * The prefixes that all names have in common, in whole segments.
     *
     * @param names any
     * @return the shortest first, each with its dot; none for fewer than two names
     */
    static List<String> of(Set<String> names) {
        List<String> prefixes = new ArrayList<>();
        if (names.size() < 2) {
            return prefixes;
        }
        String first = names.iterator().next();
        for (int dot = first.indexOf('.'); dot >= 0; dot = first.indexOf('.', dot + 1)) {
            String prefix = first.substring(0, dot + 1);
            if (!names.stream().allMatch(name -> name.startsWith(prefix) && name.length() > prefix.length())) {
                break;
            }
            prefixes.add(prefix);
        }
        return prefixes;
    }
}
