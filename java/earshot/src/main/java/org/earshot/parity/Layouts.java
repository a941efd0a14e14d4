package org.earshot.parity;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.earshot.architecture.ModuleOutput.Follow;
import org.earshot.error.WeightsException;
import org.earshot.layer.Shape;

/** Brings what PyTorch laid out its own way to {@code [B, T, F, C]}, and follows it by what the engine's layer does. */
final class Layouts {
    private static final String AXES = "BTFC";
    private static final double EPSILON = 1e-5;

    private Layouts() {}

    /** What was read, and how. */
    record Reading(Grid grid, String layout) {}

    /**
     * Reads a tensor in the first of the layouts that gives the extents of what the engine computes; of four
     * dimensions, in any order that does.
     *
     * @param subject the tensor, for messages
     * @param shape its extents
     * @param values its values
     * @param layouts to be tried first
     * @param follow what is done to it
     * @param target B, T, F and C of what it is compared with
     * @throws WeightsException if none gives those extents
     */
    static Reading read(
            String subject, Shape shape, float[] values, List<String> layouts, Follow follow, int... target) {
        List<String> candidates = new ArrayList<>(layouts);
        if (shape.rank() == AXES.length()) {
            permutations("", AXES, candidates);
        }
        for (String layout : candidates) {
            int[] extents = extents(layout, shape, target[0]);
            if (extents != null && Arrays.equals(followed(extents, follow), target)) {
                return new Reading(follow(permuted(layout, extents, values), follow), layout);
            }
        }
        throw new WeightsException(
                subject,
                "shape " + shape,
                "one that is, as " + String.join(" or ", layouts) + ", what the engine computes: "
                        + Arrays.toString(target) + " as [B, T, F, C]");
    }

    private static void permutations(String start, String rest, List<String> all) {
        if (rest.isEmpty()) {
            all.add(start);
        }
        for (int i = 0; i < rest.length(); i++) {
            permutations(start + rest.charAt(i), rest.substring(0, i) + rest.substring(i + 1), all);
        }
    }

    /** B, T, F and C of a tensor in a layout; null if it cannot be in it. */
    private static int[] extents(String layout, Shape shape, int clips) {
        int[] extents = new int[AXES.length()];
        Arrays.fill(extents, 1);
        int dimension = 0;
        for (int i = 0; i < layout.length(); i++, dimension++) {
            if (dimension == shape.rank()) {
                return null;
            }
            int extent = shape.extent(dimension);
            if (layout.charAt(i) == '(') {
                // Two dimensions in one, the clips first.
                if (clips == 0 || extent % clips != 0) {
                    return null;
                }
                extents[0] = clips;
                extents[AXES.indexOf(layout.charAt(i + 2))] = extent / clips;
                i += 3;
            } else {
                extents[AXES.indexOf(layout.charAt(i))] = extent;
            }
        }
        return dimension == shape.rank() ? extents : null;
    }

    private static int[] followed(int[] extents, Follow follow) {
        return switch (follow) {
            case RELU_AND_POOL -> new int[] {extents[0], extents[1] / 2, extents[2] / 2, extents[3]};
            case NORMALIZED_BANDS -> new int[] {extents[0], extents[1], (extents[2] - 1) / 2, extents[3]};
            case NOTHING, RELU, REVERSED_FRAMES, REVERSED_BANDS -> extents;
        };
    }

    private static Grid permuted(String layout, int[] extents, float[] values) {
        String axes = layout.replace("(", "").replace(")", "");
        int[] strides = new int[AXES.length()];
        int stride = 1;
        for (int i = axes.length() - 1; i >= 0; i--) {
            int axis = AXES.indexOf(axes.charAt(i));
            strides[axis] = stride;
            stride *= extents[axis];
        }
        return new Grid(extents[0], 0, 0, 0, new float[0])
                .made(
                        extents[1],
                        extents[2],
                        extents[3],
                        (b, t, f, c) -> values[b * strides[0] + t * strides[1] + f * strides[2] + c * strides[3]]);
    }

    private static Grid follow(Grid x, Follow follow) {
        return switch (follow) {
            case NOTHING -> x;
            case RELU -> x.made((b, t, f, c) -> Math.max(x.at(b, t, f, c), 0));
            case RELU_AND_POOL -> pooled(x);
            case REVERSED_FRAMES -> x.made((b, t, f, c) -> x.at(b, x.frames() - 1 - t, f, c));
            case REVERSED_BANDS -> x.made((b, t, f, c) -> x.at(b, t, x.bands() - 1 - f, c));
            case NORMALIZED_BANDS ->
                normalized(x.made(
                        x.frames(), (x.bands() - 1) / 2, x.channels(), (b, t, f, c) -> x.at(b, t, 2 * f + 1, c)));
        };
    }

    private static Grid pooled(Grid x) {
        return x.made(x.frames() / 2, x.bands() / 2, x.channels(), (b, t, f, c) -> {
            float sum = 0;
            for (int i = 0; i < 4; i++) {
                sum += Math.max(x.at(b, 2 * t + i / 2, 2 * f + i % 2, c), 0);
            }
            return sum / 4;
        });
    }

    private static Grid normalized(Grid x) {
        int planes = x.clips() * x.channels();
        int size = x.frames() * x.bands();
        double[] mean = new double[planes];
        double[] variance = new double[planes];
        for (int i = 0; i < x.values().length; i++) {
            mean[plane(x, i)] += x.values()[i] / (double) size;
        }
        for (int i = 0; i < x.values().length; i++) {
            double distance = x.values()[i] - mean[plane(x, i)];
            variance[plane(x, i)] += distance * distance / size;
        }
        return x.made((b, t, f, c) -> {
            int plane = b * x.channels() + c;
            return (float) ((x.at(b, t, f, c) - mean[plane]) / Math.sqrt(variance[plane] + EPSILON));
        });
    }

    private static int plane(Grid x, int index) {
        return index / (x.values().length / x.clips()) * x.channels() + index % x.channels();
    }
}
