package org.earshot.parity;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.earshot.architecture.NodeModules;
import org.earshot.backend.Backend;
import org.earshot.backend.choice.Backends;
import org.earshot.error.EarshotException;
import org.earshot.layer.ContextEncoder;
import org.earshot.model.ModelDirectory;
import org.earshot.network.Network;
import org.earshot.parity.ValuePatterns.Candidate;

/**
 * Looks for what a reference does otherwise: computes a layer again as known mistakes would have it, and takes the one
 * that gives the reference's values, within the tolerance. Two mistakes in one layer are not found out.
 */
final class Guesses {
    private final ModelDirectory directory;
    private final Golden golden;
    private final Backend backend;
    private final NetworkValues values;

    Guesses(ModelDirectory directory, Golden golden, Backend backend, NetworkValues values) {
        this.directory = directory;
        this.golden = golden;
        this.backend = backend;
        this.values = values;
    }

    /**
     * Guesses.
     *
     * @param item what differs
     * @param fed what the reference fed it, as far as is known
     * @param expected the reference's values
     * @param tolerance that the guess has to meet, relative to their spread
     * @return what explains them best; empty if nothing does
     */
    String of(Item item, Map<String, Feed> fed, Grid expected, double tolerance) {
        Grid computed = item.computed(values.compute(backend, fed, item.wanted()));
        if (Difference.of(expected, computed).relative() <= tolerance) {
            return "from the reference's own input it agrees: what differs lies before it";
        }
        List<Candidate> candidates = new ArrayList<>();
        candidates.addAll(context(item, fed, expected));
        candidates.addAll(weights(item, fed, expected));
        candidates.addAll(epsilons(item, fed, expected));
        candidates.addAll(inputs(item, fed, expected));
        candidates.addAll(ValuePatterns.orders(expected, computed));
        candidates.addAll(ValuePatterns.inner(ValuePatterns.shifts(expected, computed)));
        candidates.addAll(ValuePatterns.affine(expected, computed));
        Candidate best = null;
        double nearest = tolerance;
        for (Candidate candidate : candidates) {
            double relative =
                    Difference.of(candidate.expected(), candidate.computed()).relative();
            // Of two that explain as much, the one that was thought of first.
            if (relative <= nearest && (best == null || relative < nearest / 2)) {
                nearest = relative;
                best = candidate;
            }
        }
        return best == null ? "" : "the reference's values come out with " + best.text();
    }

    private Set<String> ran(Item item, Map<String, Feed> fed) {
        return values.needed(fed.keySet(), item.wanted()).stream()
                .map(Network.Node::name)
                .collect(Collectors.toSet());
    }

    /** Whether a layer that runs reads an input. */
    private boolean reads(Item item, Map<String, Feed> fed, String input) {
        return fed.containsKey(input)
                && values.needed(fed.keySet(), item.wanted()).stream()
                        .anyMatch(node -> node.inputs().contains(input));
    }

    private Grid again(Item item, Map<String, Feed> fed, String name, Grid changed) {
        Map<String, Feed> feeds = new HashMap<>(fed);
        feeds.put(name, new Feed(values.shapes(fed).get(name), changed.values()));
        return item.computed(values.compute(backend, feeds, item.wanted()));
    }

    private List<Candidate> context(Item item, Map<String, Feed> fed, Grid expected) {
        List<Candidate> candidates = new ArrayList<>();
        if (reads(item, fed, Network.TIME_FEATURES)) {
            Grid zeros = fed.get(Network.TIME_FEATURES).grid().made((b, t, f, c) -> 0);
            candidates.add(new Candidate(
                    "zero time features (the baseline's trap: config.json's time_encoding \"zeros\")",
                    expected,
                    again(item, fed, Network.TIME_FEATURES, zeros)));
        }
        if (reads(item, fed, Network.LOCATION)) {
            candidates.add(otherCities(item, fed, expected));
        }
        return candidates;
    }

    /** For each clip the city with which it comes nearest. */
    private Candidate otherCities(Item item, Map<String, Feed> fed, Grid expected) {
        int rows = values.nodes().stream()
                .map(Network.Node::layer)
                .filter(ContextEncoder.class::isInstance)
                .mapToInt(layer -> ((ContextEncoder) layer).locationTable().extent(0))
                .findFirst()
                .orElseThrow();
        Grid given = fed.get(Network.LOCATION).grid();
        int clip = expected.values().length / expected.clips();
        float[] nearest = new float[expected.values().length];
        double[] distances = new double[expected.clips()];
        int[] cities = new int[expected.clips()];
        Arrays.fill(distances, Double.POSITIVE_INFINITY);
        for (int row = 0; row < rows; row++) {
            int city = row;
            Grid computed = again(item, fed, Network.LOCATION, given.made((b, t, f, c) -> city));
            for (int b = 0; b < expected.clips(); b++) {
                double distance = 0;
                for (int i = b * clip; i < (b + 1) * clip; i++) {
                    distance += Math.abs((double) computed.values()[i] - expected.values()[i]);
                }
                if (distance < distances[b]) {
                    distances[b] = distance;
                    cities[b] = row;
                    System.arraycopy(computed.values(), b * clip, nearest, b * clip, clip);
                }
            }
        }
        List<String> changed = new ArrayList<>();
        for (int b = 0; b < cities.length; b++) {
            int input = Math.round(given.at(b, 0, 0, 0));
            if (cities[b] != input) {
                String city = cities[b] == rows - 1 ? "the mean of all" : Integer.toString(cities[b]);
                changed.add(city + " instead of " + input);
            }
        }
        return new Candidate(
                "another city index: " + String.join(", ", changed),
                expected,
                new Grid(expected.clips(), expected.frames(), expected.bands(), expected.channels(), nearest));
    }

    private List<Candidate> weights(Item item, Map<String, Feed> fed, Grid expected) {
        Set<String> ran = ran(item, fed);
        List<NodeModules> concerned = directory.model().modules().stream()
                .filter(row -> row.node().equals(item.node()) || ran.contains(row.node()))
                .toList();
        List<Candidate> candidates = new ArrayList<>();
        for (WeightChanges.Change change :
                WeightChanges.of(directory.weights(), name -> concerned.stream().anyMatch(row -> row.holds(name)))) {
            changed(item, fed, change)
                    .ifPresent(computed -> candidates.add(new Candidate(change.text(), expected, computed)));
        }
        return candidates;
    }

    private Optional<Grid> changed(Item item, Map<String, Feed> fed, WeightChanges.Change change) {
        try {
            ModelDirectory other = new ModelDirectory(
                    directory.config(), change.weights(), ModelDirectory.compose(directory.config(), change.weights()));
            List<Item> items = new Items(other, golden, new ArrayList<>()).all();
            Item same = items.stream()
                    .filter(one -> one.name().equals(item.name()))
                    .findFirst()
                    .orElseThrow();
            return Optional.of(same.computed(GoldenCheck.values(other, items).compute(backend, fed, same.wanted())));
        } catch (EarshotException e) {
            return Optional.empty(); // Such weights make no network.
        }
    }

    private List<Candidate> epsilons(Item item, Map<String, Feed> fed, Grid expected) {
        List<Candidate> candidates = new ArrayList<>();
        for (double epsilon : WeightChanges.EPSILONS) {
            for (int which = 1; which <= 3; which++) {
                double norm = (which & 1) == 0 ? WeightChanges.EPSILON : epsilon;
                double rootMean = (which & 2) == 0 ? WeightChanges.EPSILON : epsilon;
                String norms = which == 1 ? "the norms" : which == 2 ? "the RMS norms" : "the norms and RMS norms";
                Backend portable = Backends.withEpsilons(norm, rootMean);
                candidates.add(new Candidate(
                        "epsilon: " + WeightChanges.power(epsilon) + " in " + norms + ", not "
                                + WeightChanges.power(WeightChanges.EPSILON),
                        expected,
                        item.computed(values.compute(portable, fed, item.wanted()))));
            }
        }
        return candidates;
    }

    /** The layer's own input, in another order, or shifted. */
    private List<Candidate> inputs(Item item, Map<String, Feed> fed, Grid expected) {
        Network.Node node = item.output().nodes().get(0);
        String name = node.inputs().get(0);
        if (node.layer() instanceof ContextEncoder || fed.containsKey(node.name())) {
            return List.of();
        }
        Grid input = values.compute(backend, fed, List.of(name)).get(name);
        List<Candidate> changed = new ArrayList<>(ValuePatterns.orders(input, input));
        changed.addAll(ValuePatterns.shifts(input, input));
        List<Candidate> candidates = new ArrayList<>();
        for (Candidate one : changed) {
            candidates.add(
                    new Candidate(one.text() + ", in its input", expected, again(item, fed, name, one.computed())));
        }
        return candidates;
    }
}
