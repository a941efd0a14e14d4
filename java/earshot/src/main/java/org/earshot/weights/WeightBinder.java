package org.earshot.weights;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.earshot.error.WeightsException;
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
    /** What a finding begins with that is about a tensor's type. */
    static final String TYPE = "type ";

    /** Zeros in place of missing tensors take no more than this or the file's own number of elements. */
    private static final long FEW_ELEMENTS = 1L << 22;

    private final Weights weights;
    private final NavigableSet<String> names;
    private long placeholderElements;
    private final Set<String> used = new LinkedHashSet<>();
    private final List<String> ignored = new ArrayList<>();
    /** With the shapes that were asked for; null where only an extent was. */
    private final Map<String, Shape> missing = new LinkedHashMap<>();

    private final Map<String, String> misshapen = new LinkedHashMap<>();
    /** What sizes should have been read from and could not: shapes that follow from them are not to be trusted. */
    private final Set<String> unknown = new LinkedHashSet<>();

    /**
     * Starts with nothing bound.
     *
     * @param weights what the file holds, names already mapped
     * @throws WeightsException if it holds more than the Java heap
     */
    public WeightBinder(Weights weights) {
        this.weights = weights;
        names = new TreeSet<>(weights.tensors().keySet());
        long elements = weights.tensors().values().stream()
                .mapToLong(tensor -> tensor.shape().elements())
                .sum();
        placeholderElements = Math.max(FEW_ELEMENTS, elements);
        long memory = Runtime.getRuntime().maxMemory();
        // Sparse files claim terabytes. Divided, not multiplied: no overflow.
        if (elements > memory / Float.BYTES) {
            throw new WeightsException(
                    weights.source(),
                    elements + " values, four bytes each",
                    "no more than the Java heap's " + memory + " bytes (-Xmx sets them)");
        }
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
     * Where a size of the network shows.
     *
     * @param name a tensor's full name
     * @param dimension 0 is the slowest
     * @param rank how many dimensions the tensor should have
     * @param divisor by which its extent is larger than the size
     */
    public record Place(String name, int dimension, int rank, int divisor) {}

    /**
     * A place whose extent is the size.
     *
     * @param name a tensor's full name
     * @param dimension 0 is the slowest
     * @param rank how many dimensions the tensor should have
     * @return the place
     */
    public static Place at(String name, int dimension, int rank) {
        return new Place(name, dimension, rank, 1);
    }

    /**
     * A place whose extent is a multiple of the size.
     *
     * @param name a tensor's full name
     * @param dimension 0 is the slowest
     * @param rank how many dimensions the tensor should have
     * @param divisor how many times the size it is
     * @return the place
     */
    public static Place at(String name, int dimension, int rank, int divisor) {
        return new Place(name, dimension, rank, divisor);
    }

    /**
     * Reads a size of the network off the tensors that show it. Where they contradict each other most of them are
     * right, so that one tensor that is missing or misshapen makes no others look wrong. Does not bind them.
     *
     * @param first the tensor that is said to be missing if none is there
     * @param others where the size shows too
     * @return the size; 1 if no tensor shows it, which is noted
     */
    public int extent(Place first, Place... others) {
        Map<Integer, Integer> votes = new LinkedHashMap<>();
        vote(votes, first);
        for (Place other : others) {
            vote(votes, other);
        }
        int best = 0;
        int size = 1;
        for (Map.Entry<Integer, Integer> vote : votes.entrySet()) {
            if (vote.getValue() > best) {
                best = vote.getValue();
                size = vote.getKey();
            }
        }
        if (best == 0) {
            noteUnknown(first);
        }
        return size;
    }

    private void vote(Map<Integer, Integer> votes, Place place) {
        Shape shape = shape(place.name()).orElse(null);
        // No empty tensor: it could claim any extent beside its zero.
        if (shape != null
                && shape.rank() == place.rank()
                && shape.elements() > 0
                && shape.extent(place.dimension()) % place.divisor() == 0) {
            votes.merge(shape.extent(place.dimension()) / place.divisor(), 1, Integer::sum);
        }
    }

    private void noteUnknown(Place place) {
        unknown.add(place.name());
        Shape shape = shape(place.name()).orElse(null);
        if (shape == null) {
            missing.putIfAbsent(place.name(), null);
        } else {
            misshapen.put(
                    place.name(),
                    shape + ", expected " + place.rank() + (place.rank() == 1 ? " dimension" : " dimensions")
                            + ", none of them empty");
        }
    }

    /**
     * The shape of a tensor, without binding it.
     *
     * @param name its full name
     * @return nothing if the file does not have it
     */
    public Optional<Shape> shape(String name) {
        return Optional.ofNullable(weights.tensors().get(name)).map(WeightTensor::shape);
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
            missing.put(name, expected);
        } else if (!tensor.shape().equals(expected)) {
            misshapen.put(name, tensor.shape() + ", expected " + expected);
        } else if (tensor.type().integral()) {
            misshapen.put(name, TYPE + tensor.type() + ", expected a float type");
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
     * @throws WeightsException saying what is missing, wrongly shaped and unexpected, with the key map that would mend
     *     it if there is one; the whole at most a screen
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
        return new WeightsException(
                weights.source(),
                new Misfit(weights, missing, misshapen, unknown, unexpected, used).describe() + System.lineSeparator(),
                "the tensors of " + architecture);
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
