package org.earshot.weights;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.earshot.error.WeightsException;
import org.earshot.files.Quoted;

/**
 * Finds the state dict among what a training script saved: the dictionary whose tensors a network has the names of. If
 * no name tells, the keys that training scripts use do, and if they are not there, that only one dictionary has more
 * than a single tensor.
 */
final class StateDict {
    /** Where training scripts put the state dict, best first. */
    private static final List<String> WRAPPERS = List.of("model_state_dict", "state_dict", "model", "model_ema", "net");

    private static final int DEEPEST = 4;
    private static final int MOST_DICTIONARIES = 1000;
    private static final int MOST_LISTED = 10;
    private static final int MOST_LEFT_OUT = 50;
    private static final List<String> TOP = List.of();

    private final Path file;
    private final String subject;
    /** By the keys that lead to them: joined, those of one could be the key of another. */
    private final Map<List<String>, Map<?, ?>> dictionaries = new LinkedHashMap<>();

    private final Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    private final List<String> leftOut = new ArrayList<>();

    private StateDict(Path file, String subject) {
        this.file = file;
        this.subject = subject;
    }

    /**
     * Finds it.
     *
     * @param subject what messages are about
     * @param root what the file holds
     * @param fits whether tensors have a network's names
     * @return the tensors, under the names they have there
     * @throws WeightsException if there is none, or if it cannot be told which it is
     */
    static Weights find(Path file, String subject, Object root, Predicate<Weights> fits) {
        if (!(root instanceof LinkedHashMap<?, ?> top)) {
            throw new WeightsException(subject, PickleMachine.describe(root), "a dict with a state dict");
        }
        StateDict search = new StateDict(file, subject);
        search.gather(TOP, top, 0);
        List<String> chosen = search.choose(fits);
        return search.weights(top, chosen);
    }

    /** All dictionaries with tensors. */
    private void gather(List<String> place, Map<?, ?> dict, int depth) {
        if (dictionaries.size() == MOST_DICTIONARIES || !seen.add(dict)) {
            return;
        }
        if (dict.values().stream().anyMatch(WeightTensor.class::isInstance)) {
            dictionaries.put(place, dict);
        }
        if (depth < DEEPEST) {
            dict.forEach((key, value) -> {
                // Keys that are numbers are those of an optimizer's state.
                if (key instanceof String name && value instanceof LinkedHashMap<?, ?> inner) {
                    List<String> deeper = new ArrayList<>(place);
                    deeper.add(name);
                    gather(deeper, inner, depth + 1);
                }
            });
        }
    }

    private List<String> choose(Predicate<Weights> fits) {
        if (dictionaries.isEmpty()) {
            throw new WeightsException(
                    subject, "no tensor at the top or under " + String.join(", ", WRAPPERS), "a state dict");
        }
        List<List<String>> fitting = dictionaries.keySet().stream()
                .filter(place -> fits.test(new LoadedWeights(file, tensors(place), List.of())))
                .toList();
        if (fitting.size() == 1) {
            return fitting.get(0);
        }
        List<List<String>> candidates = fitting.isEmpty() ? List.copyOf(dictionaries.keySet()) : fitting;
        for (String wrapper : WRAPPERS) {
            if (candidates.contains(List.of(wrapper))) {
                return List.of(wrapper);
            }
        }
        List<List<String>> large =
                candidates.stream().filter(place -> tensors(place).size() > 1).toList();
        if (candidates.size() == 1 || large.size() == 1) {
            return large.isEmpty() ? candidates.get(0) : large.get(0);
        }
        String found = candidates.stream()
                .limit(MOST_LISTED)
                .map(place -> name(place) + " (" + tensors(place).size() + " tensors)")
                .collect(Collectors.joining(", "));
        String more = candidates.size() > MOST_LISTED ? " and " + (candidates.size() - MOST_LISTED) + " more" : "";
        throw new WeightsException(
                subject,
                candidates.size() + " dictionaries with tensors, "
                        + (fitting.isEmpty() ? "none with a network's names" : "all with a network's names") + ": "
                        + found + more,
                "exactly one that fits (save it alone, or rename its tensors by a key map)");
    }

    private static String name(List<String> place) {
        return place.isEmpty() ? "the top" : Quoted.of(String.join(".", place));
    }

    private Map<String, WeightTensor> tensors(List<String> place) {
        Map<String, WeightTensor> tensors = new LinkedHashMap<>();
        dictionaries.get(place).forEach((key, value) -> {
            if (key instanceof String name && value instanceof WeightTensor tensor) {
                tensors.put(TensorLimits.check(file, name), tensor);
            }
        });
        TensorLimits.checkCount(file, tensors.size());
        return tensors;
    }

    private Weights weights(Map<?, ?> top, List<String> chosen) {
        Map<?, ?> dict = dictionaries.get(chosen);
        top.forEach((key, value) -> {
            boolean onTheWay = !chosen.isEmpty() && chosen.get(0).equals(key);
            if (!onTheWay && (dict != top || !(key instanceof String && value instanceof WeightTensor))) {
                leaveOut(key, value);
            }
        });
        if (dict != top) {
            dict.forEach((key, value) -> {
                if (!(key instanceof String && value instanceof WeightTensor)) {
                    leaveOut(key, value);
                }
            });
        }
        if (leftOut.size() > MOST_LEFT_OUT) {
            int more = leftOut.size() - MOST_LEFT_OUT;
            leftOut.subList(MOST_LEFT_OUT, leftOut.size()).clear();
            leftOut.add("... and " + more + " more");
        }
        boolean unusual = !chosen.isEmpty() && !(chosen.size() == 1 && WRAPPERS.contains(chosen.get(0)));
        List<String> notes = unusual ? List.of("weights taken from under " + name(chosen)) : List.of();
        return new LoadedWeights(file, tensors(chosen), leftOut, notes);
    }

    private void leaveOut(Object key, Object value) {
        boolean plain = key instanceof String || key instanceof Number || key instanceof Boolean;
        String name = plain ? Quoted.of(key.toString()) : PickleMachine.describe(key);
        leftOut.add(name + ": " + PickleMachine.describe(value));
    }
}
