package org.earshot.architecture;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.earshot.config.ConfigSection;
import org.earshot.error.ModelException;
import org.earshot.files.Quoted;

/**
 * The coarse scenes of a system that decides in two stages (improved SE-Trans), and how the two are fused: the
 * probability of a class is that of the fine head times that of its superset's in the coarse head, {@code P_fine(c) *
 * P_coarse(superset(c))} (ASCMamba paper, eq. 2), divided by their sum.
 */
public final class CoarseScenes {
    /** Name of the second head. */
    static final String HEAD = "fc_coarse";

    private static final String LABELS = "coarse_labels";
    private static final String SUPERSET = "superset";
    private static final String INDOOR = "indoor";
    private static final String OUTDOOR = "outdoor";
    private static final Set<String> DEFAULT_INDOOR = Set.of("Bus", "Metro", "Restaurant", "Shopping mall", "Bar");
    private static final Set<String> DEFAULT_OUTDOOR =
            Set.of("Airport", "Public square", "Urban park", "Traffic street", "Construction site");

    private final List<String> labels;
    private final List<Integer> supersets;

    private CoarseScenes(List<String> labels, List<Integer> supersets) {
        this.labels = List.copyOf(labels);
        this.supersets = List.copyOf(supersets);
    }

    /**
     * Reads {@code model.coarse_labels} and {@code model.superset}. Without the latter, indoor is what the paper lists
     * (Bus, Metro, Restaurant, Shopping mall, Bar) and outdoor the baseline's other classes.
     *
     * @param options the architecture's, under {@code model}
     * @param scenes the classes
     * @param present whether the network has a second head
     * @return the coarse scenes, if it has
     * @throws ModelException if the configuration has them and the network has not, or the other way round; if a class
     *     has no superset, a superset is no coarse scene, or one is given for what is no class
     */
    static Optional<CoarseScenes> read(ConfigSection options, List<String> scenes, boolean present) {
        for (String field : List.of(LABELS, SUPERSET)) {
            if (!present && options.has(field)) {
                throw options.wrong(field, "the field", "none, since the weights have no " + HEAD + ".*");
            }
        }
        if (!present) {
            return Optional.empty();
        }
        if (!options.has(LABELS)) {
            throw options.wrong(LABELS, "nothing", "the coarse scenes, since the weights have " + HEAD + ".*");
        }
        List<String> labels = options.strings(LABELS);
        Map<String, String> superset = options.has(SUPERSET) ? options.stringMap(SUPERSET) : Map.of();
        for (String label : superset.keySet()) {
            if (!scenes.contains(label)) {
                throw options.wrong(SUPERSET, "the label " + Quoted.of(label), "one of " + scenes);
            }
        }
        List<Integer> supersets = new ArrayList<>();
        for (String label : scenes) {
            String found = options.has(SUPERSET) ? superset.get(label) : byDefault(label);
            if (found == null) {
                throw options.wrong(
                        SUPERSET, "no superset of " + Quoted.of(label), "one of " + labels + " for every label");
            }
            if (!labels.contains(found)) {
                throw options.wrong(
                        SUPERSET, Quoted.of(found) + " as the superset of " + Quoted.of(label), "one of " + labels);
            }
            supersets.add(labels.indexOf(found));
        }
        return Optional.of(new CoarseScenes(labels, supersets));
    }

    private static String byDefault(String label) {
        if (DEFAULT_INDOOR.contains(label)) {
            return INDOOR;
        }
        return DEFAULT_OUTDOOR.contains(label) ? OUTDOOR : null;
    }

    /**
     * The coarse scenes.
     *
     * @return their names, in the order of the second head's logits
     */
    public List<String> labels() {
        return labels;
    }

    /**
     * Fuses the two stages.
     *
     * @param fine probability of each class
     * @param coarse probability of each coarse scene
     * @return {@code P_fine(c) * P_coarse(superset(c))}, divided by the sum; as {@code fine} if all products are 0
     */
    float[] fuse(float[] fine, float[] coarse) {
        double[] products = new double[fine.length];
        double sum = 0;
        for (int c = 0; c < fine.length; c++) {
            products[c] = (double) fine[c] * coarse[supersets.get(c)];
            sum += products[c];
        }
        float[] fused = fine.clone();
        for (int c = 0; c < fine.length && sum > 0; c++) {
            fused[c] = (float) (products[c] / sum);
        }
        return fused;
    }
}
