package org.earshot.parity;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What values become by mistakes that leave them recognisable: turned, shifted, in another order, scaled. */
final class ValuePatterns {
    private static final String[] ORDERS = {"TCF", "FTC", "FCT", "CTF", "CFT"};
    private static final String ORDER = "TFC";

    /** A factor this near to 1 explains nothing. */
    private static final double NO_FACTOR = 1e-4;

    private ValuePatterns() {}

    /**
     * A guess and what it makes of values.
     *
     * @param text what is guessed
     * @param expected the reference's values, or those of them that the guess says something of
     * @param computed what the guess makes of ours
     */
    record Candidate(String text, Grid expected, Grid computed) {}

    /** What values would be if they were handed on in another order; nothing is lost. */
    static List<Candidate> orders(Grid expected, Grid x) {
        List<Candidate> orders = new ArrayList<>();
        if (x.frames() > 1) {
            orders.add(new Candidate(
                    "reversed time", expected, x.made((b, t, f, c) -> x.at(b, x.frames() - 1 - t, f, c))));
            addHalves(orders, "reversed time", expected, x, true);
        }
        if (x.bands() > 1) {
            orders.add(new Candidate(
                    "reversed frequency", expected, x.made((b, t, f, c) -> x.at(b, t, x.bands() - 1 - f, c))));
            addHalves(orders, "reversed frequency", expected, x, false);
        }
        for (String order : ORDERS) {
            Grid read = reordered(x, order, ORDER);
            if (!same(read, x)) {
                orders.add(new Candidate("swapped axes: " + order + " read as " + ORDER, expected, read));
            }
            Grid written = reordered(x, ORDER, order);
            if (!same(written, x)) {
                orders.add(new Candidate("swapped axes: " + ORDER + " read as " + order, expected, written));
            }
        }
        return orders;
    }

    private static boolean same(Grid one, Grid other) {
        return Arrays.equals(one.values(), other.values());
    }

    /** One half of the channels turned: of two directions side by side, one that was not turned back. */
    private static void addHalves(List<Candidate> orders, String text, Grid expected, Grid x, boolean time) {
        int half = x.channels() / 2;
        if (x.channels() % 2 != 0) {
            return;
        }
        for (int side = 0; side < 2; side++) {
            int first = side * half;
            Grid turned = x.made((b, t, f, c) -> {
                boolean in = c >= first && c < first + half;
                return x.at(b, in && time ? x.frames() - 1 - t : t, in && !time ? x.bands() - 1 - f : f, c);
            });
            String which = side == 0 ? "first" : "second";
            orders.add(new Candidate(
                    text + " in the " + which + " half of the channels (a direction that is not turned back)",
                    expected,
                    turned));
        }
    }

    /** The values of each clip written one after another in one order of axes, and read in another. */
    private static Grid reordered(Grid x, String written, String read) {
        int[] extents = {x.frames(), x.bands(), x.channels()};
        int[] from = strides(extents, written);
        int[] to = strides(extents, read);
        int clip = x.frames() * x.bands() * x.channels();
        float[] made = new float[x.values().length];
        float[] flat = new float[clip];
        for (int b = 0; b < x.clips(); b++) {
            for (int i = 0; i < clip; i++) {
                flat[place(i, extents, from)] = x.values()[b * clip + i];
            }
            for (int i = 0; i < clip; i++) {
                made[b * clip + i] = flat[place(i, extents, to)];
            }
        }
        return new Grid(x.clips(), x.frames(), x.bands(), x.channels(), made);
    }

    private static int place(int index, int[] extents, int... strides) {
        int c = index % extents[2];
        int f = index / extents[2] % extents[1];
        int t = index / extents[2] / extents[1];
        return t * strides[0] + f * strides[1] + c * strides[2];
    }

    private static int[] strides(int[] extents, String order) {
        int[] strides = new int[extents.length];
        int stride = 1;
        for (int i = order.length() - 1; i >= 0; i--) {
            int axis = ORDER.indexOf(order.charAt(i));
            strides[axis] = stride;
            stride *= extents[axis];
        }
        return strides;
    }

    /** Values one or two frames, or a band, later or earlier, with zeros where nothing comes from. */
    static List<Candidate> shifts(Grid expected, Grid x) {
        List<Candidate> shifts = new ArrayList<>();
        for (int by : new int[] {1, -1, 2, -2}) {
            if (Math.abs(by) < x.frames()) {
                shifts.add(new Candidate(shift(by, "frame"), expected, x.made((b, t, f, c) -> {
                    int from = t - by;
                    return from >= 0 && from < x.frames() ? x.at(b, from, f, c) : 0;
                })));
            }
        }
        for (int by : new int[] {1, -1}) {
            if (x.bands() > 1) {
                shifts.add(new Candidate(shift(by, "band"), expected, x.made((b, t, f, c) -> {
                    int from = f - by;
                    return from >= 0 && from < x.bands() ? x.at(b, t, from, c) : 0;
                })));
            }
        }
        return shifts;
    }

    private static String shift(int by, String unit) {
        int size = Math.abs(by);
        return "a shift by " + (size == 1 ? "one " : "two ") + unit + (size == 1 ? "" : "s") + ", "
                + (by > 0 ? "later" : "earlier");
    }

    /** The same without what comes from beyond the ends, which may be anything. */
    static List<Candidate> inner(List<Candidate> shifts) {
        int edge = 2;
        return shifts.stream()
                .filter(one -> one.expected().frames() > 2 * edge)
                .map(one -> new Candidate(one.text(), cut(one.expected(), edge), cut(one.computed(), edge)))
                .toList();
    }

    private static Grid cut(Grid x, int edge) {
        int bands = x.bands() > 2 ? 1 : 0;
        return x.made(
                x.frames() - 2 * edge,
                x.bands() - 2 * bands,
                x.channels(),
                (b, t, f, c) -> x.at(b, t + edge, f + bands, c));
    }

    /** What a multiplication or an addition would explain. */
    static List<Candidate> affine(Grid expected, Grid x) {
        List<Candidate> affine = new ArrayList<>();
        double products = 0;
        double squares = 0;
        for (int i = 0; i < x.values().length; i++) {
            products += (double) x.values()[i] * expected.values()[i];
            squares += (double) x.values()[i] * x.values()[i];
        }
        double factor = products / squares;
        if (squares > 0 && Math.abs(factor - 1) > NO_FACTOR) {
            affine.add(new Candidate(
                    "a constant factor of " + String.format(Locale.ROOT, "%.6g", factor),
                    expected,
                    x.made((b, t, f, c) -> (float) (factor * x.at(b, t, f, c)))));
        }
        int positions = x.values().length / x.channels();
        if (positions > 1) {
            double[] offsets = new double[x.channels()];
            for (int i = 0; i < x.values().length; i++) {
                offsets[i % x.channels()] += ((double) expected.values()[i] - x.values()[i]) / positions;
            }
            affine.add(new Candidate(
                    "something constant added to each channel, as a bias is", expected, x.made((b, t, f, c) ->
                            (float) (x.at(b, t, f, c) + offsets[c]))));
        }
        if (x.frames() == 1 && x.bands() == 1) {
            affine.add(new Candidate("a softmax behind it: probabilities, not logits", expected, softmax(x)));
        }
        return affine;
    }

    private static Grid softmax(Grid x) {
        return x.made((b, t, f, c) -> {
            double largest = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < x.channels(); i++) {
                largest = Math.max(largest, x.at(b, t, f, i));
            }
            double sum = 0;
            for (int i = 0; i < x.channels(); i++) {
                sum += Math.exp(x.at(b, t, f, i) - largest);
            }
            return (float) (Math.exp(x.at(b, t, f, c) - largest) / sum);
        });
    }
}
