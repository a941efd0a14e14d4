package org.earshot.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.earshot.evaluation.Calibration;
import org.earshot.evaluation.ClassScore;
import org.earshot.evaluation.ConfusionMatrix;
import org.earshot.evaluation.Estimate;
import org.earshot.evaluation.Evaluation;
import org.earshot.evaluation.GroupScore;
import org.earshot.evaluation.Interval;
import org.earshot.evaluation.LogLoss;
import org.earshot.evaluation.Mistake;
import org.earshot.evaluation.ModelEvaluation;
import org.earshot.evaluation.RobustnessCurve;
import org.earshot.evaluation.SceneDistribution;

/** An evaluation made up of numbers that look like real ones: what the challenge's set would give. */
final class SampleEvaluation {
    static final List<String> LABELS = List.of(
            "Airport",
            "Bar",
            "Bus",
            "Construction site",
            "Metro",
            "Public square",
            "Restaurant",
            "Shopping mall",
            "Traffic street",
            "Urban park");
    static final List<String> CITIES = List.of(
            "Beijing",
            "Changchun",
            "Changsha",
            "Chengdu",
            "Chongqing",
            "Dalian",
            "Guangzhou",
            "Hangzhou",
            "Harbin",
            "Hefei",
            "Hohhot",
            "Jinan",
            "Kunming",
            "Lanzhou",
            "Luoyang",
            "Nanchang",
            "Nanjing",
            "Shanghai",
            "Shangqiu",
            "Shenyang",
            "Taiyuan",
            "Xi'an");
    private static final int[] SHARES = {0, 5, 10, 20, 50, 70, 100};
    private static final int BINS = 15;

    private final List<String> labels;
    private final List<String> cities;
    private final int clips;
    private final Random random = new Random(6);

    SampleEvaluation(List<String> labels, List<String> cities, int clips) {
        this.labels = labels;
        this.cities = cities;
        this.clips = clips;
    }

    static Evaluation usual() {
        SampleEvaluation sample = new SampleEvaluation(LABELS, CITIES, 1742);
        return sample.of(
                "ChinaCityScene2024_valid.csv",
                List.of(
                        sample.model("ascmamba", 0.77, true),
                        sample.model("se-trans-improved", 0.68, true),
                        sample.model("ascmamba-without-context", 0.61, false)));
    }

    Evaluation of(String set, List<ModelEvaluation> models) {
        return new Evaluation(set, clips, distribution(), models);
    }

    SceneDistribution distribution() {
        List<List<Integer>> byCity = table(labels.size(), cities.size(), clips);
        return new SceneDistribution(labels, cities, byCity, table(labels.size(), 24, clips));
    }

    ModelEvaluation model(String name, double accuracy, boolean context) {
        int size = labels.size();
        List<List<Integer>> counts = new ArrayList<>();
        for (int truth = 0; truth < size; truth++) {
            List<Integer> row = new ArrayList<>();
            for (int answer = 0; answer < size; answer++) {
                double share =
                        answer == truth ? accuracy : (1 - accuracy) / Math.max(1, size - 1) * 2 * random.nextDouble();
                row.add((int) Math.round(share * clips / size));
            }
            counts.add(row);
        }
        List<ClassScore> classes = IntStream.range(0, size)
                .mapToObj(i ->
                        new ClassScore(labels.get(i), clips / size + i, near(accuracy), near(accuracy), near(accuracy)))
                .toList();
        List<GroupScore> byCity = groups(cities, accuracy);
        List<GroupScore> byHour =
                groups(IntStream.range(6, 24).mapToObj("%02d"::formatted).toList(), accuracy);
        return new ModelEvaluation(
                name,
                new Estimate(
                        accuracy,
                        accuracy - 0.0213,
                        accuracy + 0.0197,
                        new Interval(accuracy - 0.0226, accuracy + 0.0188)),
                new Estimate(
                        accuracy - 0.0123,
                        accuracy - 0.0345,
                        accuracy + 0.0101,
                        new Interval(accuracy - 0.0367, accuracy + 0.0092)),
                new LogLoss(
                        2.2 - 2 * accuracy,
                        2.3 - 2 * accuracy,
                        labels.stream().map(label -> 2.3 - 2 * accuracy).toList()),
                classes,
                new ConfusionMatrix(labels, counts),
                byCity,
                byHour,
                calibration(accuracy),
                mistakes(),
                context
                        ? List.of(
                                curve(RobustnessCurve.Change.SHUFFLED, accuracy, 0.18),
                                curve(RobustnessCurve.Change.UNSEEN_CITY, accuracy, 0.06))
                        : List.of());
    }

    private List<GroupScore> groups(List<String> names, double accuracy) {
        return names.stream()
                .map(name -> {
                    int size = 1 + random.nextInt(2 * clips / names.size() + 1);
                    return new GroupScore(name, size, (int) Math.round(size * Math.min(1, near(accuracy))));
                })
                .toList();
    }

    private Calibration calibration(double accuracy) {
        List<Calibration.Bin> bins = new ArrayList<>();
        for (int i = 0; i < BINS; i++) {
            int size = i < 2 ? 0 : (int) (clips * Math.pow((i + 1.0) / BINS, 4) / 3.5);
            double middle = (i + 0.5) / BINS;
            double right =
                    size == 0 ? Double.NaN : Math.max(0, middle - 0.15 * (1 - accuracy) - 0.1 * random.nextDouble());
            bins.add(new Calibration.Bin(
                    (double) i / BINS, (i + 1.0) / BINS, size, size == 0 ? Double.NaN : middle, right));
        }
        return new Calibration(bins, 0.0712);
    }

    private List<Mistake> mistakes() {
        List<Mistake> mistakes = new ArrayList<>();
        for (int i = 0; i < Math.min(10, clips); i++) {
            int truth = random.nextInt(labels.size());
            int answer = (truth + 1) % labels.size();
            double probability = 0.998 - 0.01 * i;
            mistakes.add(new Mistake(
                    i * 7,
                    "CAS_valid_%04d.wav".formatted(random.nextInt(10_000)),
                    labels.get(truth),
                    labels.get(answer),
                    probability,
                    (1 - probability) / 2));
        }
        return mistakes;
    }

    private RobustnessCurve curve(RobustnessCurve.Change change, double accuracy, double loss) {
        List<RobustnessCurve.Point> points = new ArrayList<>();
        for (int share : SHARES) {
            double value = accuracy - loss * share / 100;
            double spread = share == 0 ? 0 : 0.006 + 0.006 * random.nextDouble();
            points.add(
                    new RobustnessCurve.Point(share, share == 0 ? 1 : 5, value, spread, value - 0.0123, spread * 1.1));
        }
        return new RobustnessCurve(change, points);
    }

    private double near(double accuracy) {
        return Math.max(0, Math.min(1, accuracy + 0.08 * random.nextGaussian()));
    }

    private List<List<Integer>> table(int rows, int columns, int sum) {
        List<List<Integer>> table = new ArrayList<>();
        for (int row = 0; row < rows; row++) {
            List<Integer> counts = new ArrayList<>();
            for (int column = 0; column < columns; column++) {
                double mean = (double) sum / rows / columns;
                counts.add(random.nextInt(4) == 0 ? 0 : (int) Math.round(2.6 * mean * random.nextDouble()));
            }
            table.add(counts);
        }
        return table;
    }

    /** Noise with a few lines in it, different for each clip: as hard to compress as real recordings are. */
    static final class Noise implements Spectrograms {
        @Override
        public float[] logMel(int clip) {
            Random noise = new Random(clip);
            float[] values = new float[frames(clip) * bands()];
            double line = noise.nextDouble() * bands();
            for (int i = 0; i < values.length; i++) {
                int band = i % bands();
                int frame = i / bands();
                double place = line + 4 * Math.sin(frame / 30.0);
                values[i] =
                        (float) (-20 - 0.6 * band + 6 * noise.nextGaussian() + (Math.abs(band - place) < 1 ? 30 : 0));
            }
            return values;
        }

        @Override
        public int frames(int clip) {
            return 500;
        }

        @Override
        public int bands() {
            return 64;
        }

        @Override
        public double secondsPerFrame() {
            return 0.02;
        }

        @Override
        public double frequency(int band) {
            return 700 * (Math.pow(10, (75 + 58.0 * band) / 2595) - 1);
        }
    }
}
