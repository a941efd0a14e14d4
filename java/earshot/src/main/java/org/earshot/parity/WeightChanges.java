package org.earshot.parity;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.earshot.weights.WeightTensor;
import org.earshot.weights.Weights;

/** Weights as a reference may have them by mistake: rounded, without a bias, with gates in another order. */
final class WeightChanges {
    /** What people write where 1e-5 is meant. */
    static final double[] EPSILONS = {1e-3, 1e-6, 1e-8, 1e-12};

    static final double EPSILON = 1e-5;

    private static final String GRU = "gru.";
    private static final String ATTENTION = ".in_proj_";
    private static final String MIXER = ".mixer.in_proj.weight";
    private static final String VARIANCE = ".running_var";
    private static final Pattern INSTANCE_NORMED = Pattern.compile("dense_encoder\\..*\\.0\\.(weight|bias)");
    private static final int[][] ORDERS = {{1, 0, 2}, {2, 1, 0}, {0, 2, 1}, {1, 2, 0}, {2, 0, 1}};
    private static final int[] SWAPPED = {1, 0};

    /** The smallest normal number of IEEE's binary16, the largest, and the distance of those below the first. */
    private static final float SMALLEST_HALF = 0x1p-14f;

    private static final float LARGEST_HALF = 65504f;
    private static final float HALF_STEP = 0x1p-24f;

    private final Weights weights;
    private final Predicate<String> concerned;
    private final List<Change> changes = new ArrayList<>();

    /** Changed weights and what is guessed by them. */
    record Change(String text, Weights weights) {}

    private WeightChanges(Weights weights, Predicate<String> concerned) {
        this.weights = weights;
        this.concerned = concerned;
    }

    /**
     * All changes that are known.
     *
     * @param weights the model's
     * @param concerned names of the tensors that the layer in question has
     */
    static List<Change> of(Weights weights, Predicate<String> concerned) {
        WeightChanges all = new WeightChanges(weights, concerned);
        all.rounded();
        all.withoutBias();
        all.otherGates();
        all.otherEpsilons();
        return all.changes;
    }

    private void rounded() {
        add("float16 weights", name -> true, values -> each(values, WeightChanges::toHalf));
        add("bfloat16 weights", name -> true, values -> each(values, WeightChanges::toBfloat16));
    }

    private void withoutBias() {
        for (String name : weights.tensors().keySet()) {
            if (concerned.test(name) && name.contains("bias")) {
                add("a missing bias: without " + name, name::equals, values -> new float[values.length]);
            }
        }
    }

    private void otherGates() {
        for (int[] order : ORDERS) {
            add(
                    "a gate order: the GRU's gates are " + named(order, "r", "z", "n") + ", PyTorch's are r, z, n",
                    name -> name.startsWith(GRU),
                    values -> reordered(values, order));
            add(
                    "a gate order: the attention's projections are " + named(order, "q", "k", "v")
                            + ", PyTorch's are q, k, v",
                    name -> name.contains(ATTENTION),
                    values -> reordered(values, order));
        }
        add(
                "a gate order: in_proj gives z before u, the public code's u before z",
                name -> name.endsWith(MIXER),
                values -> reordered(values, SWAPPED));
    }

    private static String named(int[] order, String... names) {
        List<String> named = new ArrayList<>();
        for (int part : order) {
            named.add(names[part]);
        }
        return String.join(", ", named);
    }

    private void otherEpsilons() {
        for (double epsilon : EPSILONS) {
            add(
                    "epsilon: " + power(epsilon) + " in the batch norms, not " + power(EPSILON),
                    name -> name.endsWith(VARIANCE),
                    values -> each(values, value -> (float) (value + epsilon - EPSILON)));
            // A norm of k times the values with epsilon k^2 times as large is the same norm.
            float k = (float) Math.sqrt(EPSILON / epsilon);
            add(
                    "epsilon: " + power(epsilon) + " in the instance norms, not " + power(EPSILON),
                    name -> INSTANCE_NORMED.matcher(name).matches(),
                    values -> each(values, value -> k * value));
        }
    }

    /** A power of ten as people write it. */
    static String power(double value) {
        return "1e-" + Math.round(-Math.log10(value));
    }

    private void add(String text, Predicate<String> which, UnaryOperator<float[]> change) {
        Map<String, WeightTensor> changed = new LinkedHashMap<>(weights.tensors());
        boolean any = false;
        for (Map.Entry<String, WeightTensor> entry : changed.entrySet()) {
            WeightTensor tensor = entry.getValue();
            if (concerned.test(entry.getKey())
                    && which.test(entry.getKey())
                    && !tensor.type().integral()) {
                entry.setValue(WeightTensor.of(tensor.shape(), change.apply(tensor.floats())));
                any = true;
            }
        }
        if (any) {
            changes.add(new Change(text, new Changed(weights.source(), changed)));
        }
    }

    /** Weights with some tensors replaced. */
    private record Changed(Path source, Map<String, WeightTensor> tensors) implements Weights {
        @Override
        public List<String> leftOut() {
            return List.of();
        }
    }

    /** One number for another. */
    private interface Rounding {
        float of(float value);
    }

    private static float[] each(float[] values, Rounding rounding) {
        float[] rounded = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            rounded[i] = rounding.of(values[i]);
        }
        return rounded;
    }

    /** To the nearest of IEEE's binary16, ties to even. */
    static float toHalf(float value) {
        float size = Math.abs(value);
        if (size < SMALLEST_HALF) {
            return (float) (Math.rint(value / (double) HALF_STEP) * HALF_STEP);
        }
        float rounded = rounded(value, 13);
        return Math.abs(rounded) > LARGEST_HALF ? Math.copySign(Float.POSITIVE_INFINITY, value) : rounded;
    }

    /** To the nearest bfloat16, ties to even. */
    static float toBfloat16(float value) {
        return rounded(value, 16);
    }

    /** Drops the last bits of a significand. */
    private static float rounded(float value, int bits) {
        int raw = Float.floatToRawIntBits(value);
        int half = (1 << (bits - 1)) - 1 + (raw >> bits & 1);
        return Float.intBitsToFloat((raw + half) >> bits << bits);
    }

    /** Rows in equal parts, in another order: part i is what part order[i] was. */
    private static float[] reordered(float[] values, int... order) {
        float[] reordered = new float[values.length];
        int part = values.length / order.length;
        for (int i = 0; i < order.length; i++) {
            System.arraycopy(values, order[i] * part, reordered, i * part, part);
        }
        return reordered;
    }
}
