package org.earshot.parity;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.earshot.architecture.ModuleOutput;
import org.earshot.backend.Backend;
import org.earshot.error.WeightsException;
import org.earshot.layer.Shape;
import org.earshot.model.ModelDirectory;
import org.earshot.network.Network;
import org.earshot.weights.WeightTensor;

/** One golden file on one backend. */
final class GoldenCheck {
    private final ModelDirectory directory;
    private final Golden golden;
    private final Backend backend;
    private final ParityOptions options;
    private final Map<String, Feed> feeds;
    private final NetworkValues values;
    private final Map<String, Shape> shapes;
    private final List<Item> items;
    private final List<String> notes = new ArrayList<>();
    private final Map<Item, Grid> references = new LinkedHashMap<>();

    GoldenCheck(ModelDirectory directory, Golden golden, Backend backend, ParityOptions options) {
        this.directory = directory;
        this.golden = golden;
        this.backend = backend;
        this.options = options;
        feeds = golden.feeds(directory.config().features());
        items = new Items(directory, golden, notes).all();
        values = values(directory, items);
        shapes = values.shapes(feeds);
        for (Item item : items) {
            if (!shapes.containsKey(item.output().nodes().get(0).name())) {
                throw new WeightsException(
                        golden.path(),
                        "no inputs that " + item.name() + " could be made of",
                        "location, time_features" + " or condition as this network takes them");
            }
            WeightTensor tensor = golden.tensor(item.name());
            Layouts.Reading reading = Layouts.read(
                    golden.subject(item.name()),
                    tensor.shape(),
                    tensor.floats(),
                    item.output().layouts(),
                    item.output().follow(),
                    item.extents(shapes));
            if (!item.output().layouts().contains(reading.layout())) {
                notes.add(item.name() + ": read as " + reading.layout() + ", which its shape " + tensor.shape()
                        + " fits; the reference has "
                        + String.join(" or ", item.output().layouts()));
            }
            references.put(item, reading.grid());
        }
    }

    /** A network's nodes and those made for looking inside them. */
    static NetworkValues values(ModelDirectory directory, List<Item> items) {
        Map<String, Network.Node> nodes = new LinkedHashMap<>();
        directory.model().network().nodes().forEach(node -> nodes.put(node.name(), node));
        items.forEach(item -> item.output().nodes().forEach(node -> nodes.putIfAbsent(node.name(), node)));
        return new NetworkValues(List.copyOf(nodes.values()), directory.config().features());
    }

    ParityResult run() {
        List<Comparison> comparisons = new ArrayList<>();
        ReferenceValues reference = new ReferenceValues(shapes, feeds);
        references.forEach(reference::add);
        if (golden.beginsFromPcm()) {
            FrontEndCheck frontEnd = new FrontEndCheck(directory.config().features(), golden);
            comparisons.addAll(frontEnd.run(values, backend, feeds, shapes.get(Network.FEATURES), options.guesses()));
            for (Comparison one : comparisons) {
                reference.put(one.node(), one.expected());
                if (one.node().equals(Network.FEATURES)) {
                    notes.addAll(FrontEndCheck.notes(one, directory.config().features()));
                }
            }
        }
        Map<String, Grid> together = options.isolated() ? Map.of() : alongTheRun();
        for (Item item : items) {
            Map<String, Feed> fed = options.isolated() ? reference.without(item.node()) : feeds;
            Grid computed = item.computed(options.isolated() ? values.compute(backend, fed, item.wanted()) : together);
            Comparison comparison = comparison(item, fed, computed);
            boolean guesses = options.guesses()
                    && !comparison.passes()
                    && (options.isolated() || comparisons.stream().allMatch(Comparison::passes));
            comparisons.add(guesses ? comparison.guessed(guess(item, reference)) : comparison);
        }
        probabilities(together, reference).ifPresent(comparisons::add);
        if (comparisons.isEmpty()) {
            throw new WeightsException(
                    golden.path(),
                    "no output to compare with" + (notes.isEmpty() ? "" : " (" + String.join("; ", notes) + ")"),
                    "tensors named output.* or module.*");
        }
        return new ParityResult(golden.path(), backend.toString(), comparisons, notes);
    }

    private String guess(Item item, ReferenceValues reference) {
        return new Guesses(directory, golden, backend, values)
                .of(
                        item,
                        reference.without(item.node()),
                        references.get(item),
                        options.tolerances().of(item.name()));
    }

    private Map<String, Grid> alongTheRun() {
        List<String> wanted = new ArrayList<>();
        items.forEach(item -> wanted.addAll(item.wanted()));
        if (golden.expected().contains(Golden.PROBABILITIES_OUTPUT)) {
            wanted.addAll(heads());
        }
        return wanted.isEmpty() ? Map.of() : values.compute(backend, feeds, wanted);
    }

    private List<String> heads() {
        return directory.model().coarse().isPresent()
                ? List.of(Network.LOGITS, Network.COARSE_LOGITS)
                : List.of(Network.LOGITS);
    }

    private Comparison comparison(Item item, Map<String, Feed> fed, Grid computed) {
        Grid expected = references.get(item);
        Difference difference = Difference.of(expected, computed);
        List<Network.Node> ran = values.needed(fed.keySet(), item.wanted());
        RoundingBound bound = RoundingBound.NONE;
        for (Network.Node node : ran) {
            bound = bound.and(RoundingBound.of(node.layer(), NetworkValues.inputs(node, shapes)));
        }
        return new Comparison(
                item.name(),
                item.node(),
                ran.stream().map(Network.Node::name).toList(),
                difference,
                Comparison.Measure.RELATIVE,
                options.tolerances().of(item.name()),
                bound.share(options.precision()) * difference.magnitude() / difference.spread(),
                "",
                expected,
                computed);
    }

    /** The probabilities of all clips, after score fusion where there are two stages. */
    private Optional<Comparison> probabilities(Map<String, Grid> together, ReferenceValues reference) {
        String name = Golden.PROBABILITIES_OUTPUT;
        if (!golden.expected().contains(name)) {
            return Optional.empty();
        }
        Map<String, Feed> fed = feeds;
        Map<String, Grid> heads = together;
        if (options.isolated()) {
            fed = reference.without(Network.LOGITS);
            fed.remove(Network.COARSE_LOGITS);
            heads = values.compute(backend, fed, heads());
        }
        Grid logits = heads.get(Network.LOGITS);
        float[] coarse = directory.model().coarse().isPresent()
                ? heads.get(Network.COARSE_LOGITS).values()
                : new float[0];
        int width = coarse.length / logits.clips();
        int classes = logits.channels();
        float[] probabilities = new float[logits.values().length];
        for (int b = 0; b < logits.clips(); b++) {
            float[] clip = Arrays.copyOfRange(logits.values(), b * classes, (b + 1) * classes);
            float[] coarseClip = Arrays.copyOfRange(coarse, b * width, (b + 1) * width);
            float[] scores = directory.model().scores(clip, coarseClip).scenes();
            System.arraycopy(scores, 0, probabilities, b * classes, classes);
        }
        ModuleOutput output = ModuleOutput.of(name, logitsNode(), "BC");
        WeightTensor tensor = golden.tensor(name);
        Item item = new Item(name, Network.LOGITS, output);
        references.put(
                item,
                Layouts.read(
                                golden.subject(name),
                                tensor.shape(),
                                tensor.floats(),
                                output.layouts(),
                                output.follow(),
                                item.extents(shapes))
                        .grid());
        return Optional.of(comparison(item, fed, new Grid(logits.clips(), 1, 1, classes, probabilities)));
    }

    private Network.Node logitsNode() {
        return directory.model().network().nodes().stream()
                .filter(node -> node.name().equals(Network.LOGITS))
                .findFirst()
                .orElseThrow();
    }
}
