package org.earshot.weights;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.earshot.error.WeightsException;
import org.earshot.files.Quoted;

/** Prefixes of tensors' names that come from what a network was wrapped in, and say nothing of the network. */
public final class WrapperPrefixes {
    /** {@code torch.compile}, {@code DataParallel} and the like, and what trainers call the network; any nesting. */
    private static final Pattern WRAPPERS = Pattern.compile("(?:(?:_orig_mod|module|model)\\.)+(?=.)");

    /** A part of the network that was compiled or distributed by itself. */
    private static final Pattern INNER = Pattern.compile("(?<=\\.)(?:(?:_orig_mod|module)\\.)+(?=.)");

    private static final int MOST_NOTES = 5;

    private WrapperPrefixes() {}

    /**
     * Takes off what PyTorch and common trainers put before names: {@code _orig_mod.}, {@code module.} and
     * {@code model.}, however nested, and the first two within names.
     *
     * @param weights what a file holds
     * @return the same tensors under shorter names; its notes say what was taken off
     * @throws WeightsException if two tensors then have the same name
     */
    public static Weights strip(Weights weights) {
        Map<String, WeightTensor> stripped = new LinkedHashMap<>();
        Map<String, Integer> taken = new LinkedHashMap<>();
        weights.tensors().forEach((name, tensor) -> {
            Matcher outer = WRAPPERS.matcher(name);
            String rest = name;
            if (outer.lookingAt()) {
                rest = name.substring(outer.end());
                taken.merge(takenOff(outer.group()), 1, Integer::sum);
            }
            Matcher inner = INNER.matcher(rest);
            if (inner.find()) {
                taken.merge(Quoted.of(inner.group()) + " taken out of the middle of ", 1, Integer::sum);
            }
            put(weights, stripped, inner.replaceAll(""), tensor);
        });
        return taken.isEmpty() ? weights : LoadedWeights.renamed(weights, stripped, List.of(), notes(taken));
    }

    /**
     * Takes one prefix off all names.
     *
     * @param weights what a file holds
     * @param prefix what every name begins with, and none is
     * @return the same tensors under shorter names; its notes say what was taken off
     */
    public static Weights strip(Weights weights, String prefix) {
        Map<String, WeightTensor> stripped = new LinkedHashMap<>();
        weights.tensors().forEach((name, tensor) -> put(weights, stripped, name.substring(prefix.length()), tensor));
        return LoadedWeights.renamed(weights, stripped, List.of(), notes(Map.of(takenOff(prefix), stripped.size())));
    }

    private static void put(Weights weights, Map<String, WeightTensor> tensors, String name, WeightTensor tensor) {
        if (tensors.put(name, tensor) != null) {
            throw new WeightsException(
                    weights.source(),
                    "two tensors called " + Quoted.of(name),
                    "different names, with and without what wraps the network (a key map can leave one out)");
        }
    }

    private static String takenOff(String prefix) {
        return "prefix " + Quoted.of(prefix) + " taken off ";
    }

    /** What was taken and whence, with how many names that were. */
    private static List<String> notes(Map<String, Integer> taken) {
        return taken.entrySet().stream()
                .limit(MOST_NOTES)
                .map(entry -> entry.getKey() + entry.getValue() + " names")
                .toList();
    }
}
