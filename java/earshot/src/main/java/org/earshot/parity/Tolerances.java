package org.earshot.parity;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.earshot.backend.Precision;
import org.earshot.config.ConfigSection;
import org.earshot.error.ModelException;

/**
 * How large a difference may be, relative to the spread (standard deviation) of the expected values: for all tensors,
 * or for one by its name in the golden file, such as {@code module.gru} or {@code output.logits}.
 *
 * <p>By default: in float32 1e-4, what the project promises of a whole network; in bfloat16 16 roundings of both
 * factors of a product, 2^-9 each, all in the same direction; in TF32, which keeps two more bits, a quarter of that.
 */
public final class Tolerances {
    /** Name of the file in a model directory. */
    public static final String FILE = "parity.json";

    /** Stands for every tensor that has no tolerance of its own. */
    public static final String ALL = "*";

    private static final double FLOAT32 = 1e-4;
    private static final double BF16 = 16 * 2 * 0x1p-9;
    private static final double TF32 = BF16 / 4;

    private final Map<String, Double> byName;

    private Tolerances(Map<String, Double> byName) {
        this.byName = Map.copyOf(byName);
    }

    /**
     * The defaults.
     *
     * @param precision of the products
     * @return one tolerance for everything
     */
    public static Tolerances of(Precision precision) {
        double all =
                switch (precision) {
                    case FLOAT32 -> FLOAT32;
                    case BF16 -> BF16;
                    case TF32 -> TF32;
                };
        return new Tolerances(Map.of(ALL, all));
    }

    /**
     * One for everything.
     *
     * @param all relative to the spread
     * @return the tolerances
     * @throws IllegalArgumentException if it is negative or not a number
     */
    public static Tolerances of(double all) {
        return new Tolerances(Map.of()).with(ALL, all);
    }

    /**
     * Those of a model directory: its {@value #FILE}, an object with an object of names and numbers for each precision
     * ({@code {"float32": {"*": 1e-4, "output.logits": 1e-5}}}); the defaults where it says nothing.
     *
     * @param directory the model directory
     * @param precision of the products
     * @return the tolerances
     * @throws ModelException if the file is not as described
     */
    public static Tolerances read(Path directory, Precision precision) {
        Tolerances tolerances = of(precision);
        Path file = directory.resolve(FILE);
        if (!Files.exists(file)) {
            return tolerances;
        }
        ConfigSection root = ConfigSection.read(file);
        for (Precision one : Precision.values()) {
            if (!root.has(one.label())) {
                continue;
            }
            ConfigSection section = root.section(one.label());
            for (Iterator<String> names = root.unread(one.label()).json().fieldNames(); names.hasNext(); ) {
                String name = names.next();
                double number = section.number(name);
                if (!(number >= 0)) {
                    throw section.wrong(name, Double.toString(number), "0 or more");
                }
                tolerances = one == precision ? tolerances.with(name, number) : tolerances;
            }
            section.finish();
        }
        root.finish();
        return tolerances;
    }

    /**
     * The same with another tolerance.
     *
     * @param name of a tensor, or {@value #ALL}, which leaves those that have one of their own
     * @param tolerance relative to the spread
     * @return the tolerances
     * @throws IllegalArgumentException if it is negative or not a number
     */
    public Tolerances with(String name, double tolerance) {
        // Written so that NaN is refused too.
        if (!(tolerance >= 0)) {
            throw new IllegalArgumentException(name + ": found " + tolerance + "; expected 0 or more");
        }
        Map<String, Double> changed = new HashMap<>(byName);
        changed.put(name, tolerance);
        return new Tolerances(changed);
    }

    /**
     * The tolerance of a tensor.
     *
     * @param name in the golden file
     * @return relative to the spread
     */
    public double of(String name) {
        return byName.getOrDefault(name, byName.get(ALL));
    }

    /**
     * Names that have a tolerance of their own.
     *
     * @return sorted
     */
    public List<String> names() {
        return byName.keySet().stream()
                .filter(name -> !name.equals(ALL))
                .sorted()
                .toList();
    }
}
