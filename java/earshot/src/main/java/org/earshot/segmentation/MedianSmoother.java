package org.earshot.segmentation;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** {@link Smoothing.Median}. */
final class MedianSmoother implements Smoother {
    private final int most;
    private final Deque<float[]> last = new ArrayDeque<>();

    MedianSmoother(int windows) {
        most = windows;
    }

    @Override
    public double[] next(double seconds, float[] probabilities) {
        if (last.size() == most) {
            last.removeFirst();
        }
        last.addLast(probabilities);
        return median(List.copyOf(last));
    }

    /** The medians around each window of a whole recording; at its ends over fewer windows. */
    static double[][] around(List<ScoredWindow> windows, int width) {
        List<float[]> rows = windows.stream().map(ScoredWindow::probabilities).toList();
        double[][] medians = new double[rows.size()][];
        int half = width / 2;
        for (int i = 0; i < medians.length; i++) {
            int reach = Math.min(half, Math.min(i, rows.size() - 1 - i));
            medians[i] = median(rows.subList(i - reach, i + reach + 1));
        }
        return medians;
    }

    private static double[] median(List<float[]> rows) {
        double[] medians = new double[rows.get(0).length];
        for (int scene = 0; scene < medians.length; scene++) {
            int column = scene;
            double[] sorted =
                    rows.stream().mapToDouble(row -> row[column]).sorted().toArray();
            int middle = sorted.length / 2;
            medians[scene] = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        }
        return medians;
    }
}
