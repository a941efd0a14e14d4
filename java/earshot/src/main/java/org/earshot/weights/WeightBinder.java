package org.earshot.weights;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.earshot.WeightsException;
import org.earshot.files.Quoted;
import org.earshot.layer.Parameter;
import org.earshot.layer.Shape;

/**
 * Hands a network the tensors it asks for by name and keeps count of what does not fit. Nothing is thrown on the way: a
 * tensor that is missing or misshapen is noted and replaced by zeros of the right shape, so that building can go on,
 * and {@link #finish} reports everything at once. What was built before a failing {@code finish} must not be used.
 *
 * <p>Not safe for use from several threads.
 */
public final class WeightBinder {
    /** Longer lists are cut, so that a file of another architecture still gives a message one can read. */
    private static final int LONGEST_LIST = 20;

    /** Zeros in place of missing tensors take no more than this or the file's own number of elements. */
    private static final long FEW_ELEMENTS = 1L << 22;

    private final Weights weights;
    private final NavigableSet<String> names;
    private long placeholderElements;
    private final Set<String> used = new LinkedHashSet<>();
    private final List<String> ignored = new ArrayList<>();
    private final Set<String> missing = new LinkedHashSet<>();
    private final Map<String, String> misshapen = new LinkedHashMap<>();

    /**
     * Starts with nothing bound.
     *
     * @param weights what the file holds, names already mapped
     */
    public WeightBinder(Weights weights) {
        this.weights = weights;
        names = new TreeSet<>(weights.tensors().keySet());
        long elements = weights.tensors().values().stream()
                .mapToLong(tensor -> tensor.shape().elements())
                .sum();
        placeholderElements = Math.max(FEW_ELEMENTS, elements);
    }

    /**
     * Asks for a tensor without binding it.
     *
     * @param name its full name
     * @return whether the file has it
     */
    public boolean has(String name) {
        return weights.tensors().containsKey(name);
    }

    /**
     * Asks for a module without binding it.
     *
     * @param prefix start of names, usually with a dot at its end
     * @return whether the file has a tensor whose name begins so
     */
    public boolean hasPrefix(String prefix) {
        String first = names.ceiling(prefix);
        return first != null && first.startsWith(prefix);
    }

    /**
     * Counts numbered submodules: {@code prefix0.}, {@code prefix1.} and so on, up to the first that is not there.
     *
     * @param prefix what stands before the number, for example {@code blocks.}
     * @return how many follow each other from 0
     */
    public int count(String prefix) {
        int count = 0;
        while (hasPrefix(prefix + count + ".")) {
            count++;
        }
        return count;
    }

    /**
     * Reads a dimension of the network off a tensor. Does not bind it.
     *
     * @param name its full name
     * @param dimension 0 is the slowest
     * @return its extent; 1 if the tensor is missing, has fewer dimensions or is empty there, which is noted
     */
    public int extent(String name, int dimension) {
        WeightTensor tensor = weights.tensors().get(name);
        if (tensor == null) {
            missing.add(name);
            return 1;
        }
        if (tensor.shape().rank() <= dimension) {
            misshapen.put(name, tensor.shape() + ", expected more than " + dimension + " dimensions");
            return 1;
        }
        // Also bounds the extents: an empty tensor could claim any beside its zero.
        if (tensor.shape().elements() == 0) {
            misshapen.put(name, tensor.shape() + ", expected no empty dimension");
            return 1;
        }
        return tensor.shape().extent(dimension);
    }

    /**
     * Binds a tensor.
     *
     * @param name its full name
     * @param extents the only right shape
     * @return its values as float32, or zeros if it is missing, misshapen or not of a float type, which is noted
     * @throws WeightsException if it does not fit and zeros of that shape would be larger than the file itself: the
     *     report as it stands then
     */
    public Parameter take(String name, int... extents) {
        used.add(name);
        Shape expected = shape(name, extents);
        WeightTensor tensor = weights.tensors().get(name);
        if (tensor == null) {
            missing.add(name);
        } else if (!tensor.shape().equals(expected)) {
            misshapen.put(name, tensor.shape() + ", expected " + expected);
        } else if (tensor.type().integral()) {
            misshapen.put(name, "type " + tensor.type() + ", expected a float type");
        } else {
            return new Parameter(expected, tensor.floats());
        }
        return placeholder(expected);
    }

    private Shape shape(String name, int... extents) {
        try {
            return Shape.of(extents);
        } catch (ArithmeticException | IllegalArgumentException e) {
            // Extents that other tensors of this file led to: its fault, not the caller's.
            misshapen.put(name, "other tensors ask for " + Arrays.toString(extents));
            throw report("the network", unexpected());
        }
    }

    /**
     * Whether all that was asked for so far was found, so that sizes read off the tensors mean something.
     *
     * @return false once a tensor was missing or misshapen
     */
    public boolean fits() {
        return missing.isEmpty() && misshapen.isEmpty();
    }

    /**
     * Names tensors that a checkpoint may hold and the network does not need.
     *
     * @param prefix start of their names
     */
    public void ignore(String prefix) {
        ignored.add(prefix);
    }

    /**
     * Ends the binding: every tensor of the file must have been taken or ignored, and every one asked for found.
     *
     * @param architecture what the weights were bound to, for the message
     * @throws WeightsException listing all that is missing (with the nearest names), wrongly shaped and unexpected
     */
    public void finish(String architecture) {
        Set<String> unexpected = unexpected();
        if (!missing.isEmpty() || !misshapen.isEmpty() || !unexpected.isEmpty()) {
            throw report(architecture, unexpected);
        }
    }

    private Set<String> unexpected() {
        Set<String> unexpected = new LinkedHashSet<>(weights.tensors().keySet());
        unexpected.removeAll(used);
        unexpected.removeIf(name -> ignored.stream().anyMatch(name::startsWith));
        return unexpected;
    }

    private WeightsException report(String architecture, Set<String> unexpected) {
        StringBuilder found = new StringBuilder();
        append(found, "missing", missing, name -> name + nearest(name, unexpected));
        append(found, "wrongly shaped", misshapen.keySet(), name -> name + ": found " + misshapen.get(name));
        append(
                found,
                "unexpected",
                unexpected,
                name -> Quoted.of(name) + " " + weights.tensors().get(name).shape());
        return new WeightsException(
                weights.source(),
                "weights that do not fit" + found + System.lineSeparator(),
                "the tensors of " + architecture + " (a key map can rename tensors)");
    }

    private static void append(StringBuilder text, String title, Set<String> names, UnaryOperator<String> line) {
        if (names.isEmpty()) {
            return;
        }
        String newLine = System.lineSeparator();
        text.append(newLine)
                .append("  ")
                .append(title)
                .append(" (")
                .append(names.size())
                .append("):");
        names.stream()
                .limit(LONGEST_LIST)
                .forEach(name -> text.append(newLine).append("    ").append(line.apply(name)));
        if (names.size() > LONGEST_LIST) {
            text.append(newLine)
                    .append("    ... and ")
                    .append(names.size() - LONGEST_LIST)
                    .append(" more");
        }
    }

    private static String nearest(String name, Set<String> candidates) {
        List<String> nearest = NearestNames.of(name, candidates);
        if (nearest.isEmpty()) {
            return "";
        }
        return ", nearest: "
                + String.join(", ", nearest.stream().map(Quoted::of).toList());
    }

    /** Zeros; bounded, so that extents of one hostile tensor cannot make others huge. */
    private Parameter placeholder(Shape shape) {
        placeholderElements -= shape.elements();
        if (placeholderElements < 0) {
            throw report("the network", unexpected());
        }
        return new Parameter(shape, new float[(int) shape.elements()]);
    }
}
