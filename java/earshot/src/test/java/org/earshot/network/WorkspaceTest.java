package org.earshot.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.earshot.backend.Execution;
import org.earshot.backend.Memory;
import org.earshot.backend.View;
import org.earshot.backend.portable.PortableBackend;
import org.earshot.layer.Shape;
import org.earshot.model.ModelDirectory;
import org.earshot.weights.KeyMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where the values of a run lie, so that a device gets and gives them in as few copies as there can be. */
class WorkspaceTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");

    private static Map<String, Shape> feeds(int batch) {
        return Map.of(
                Network.FEATURES, Shape.of(batch, 20, 64, 1),
                Network.LOCATION, Shape.of(batch, 1),
                Network.TIME_FEATURES, Shape.of(batch, 8));
    }

    private static PreparedNetwork network(String model) {
        ModelDirectory directory = ModelDirectory.read(GOLDEN.resolve(model), null, KeyMap.identity());
        return new PreparedNetwork(directory.model().network(), new PortableBackend(1));
    }

    @ParameterizedTest
    @CsvSource({"ascmamba-small, 1", "ascmamba-small, 3", "se-trans-two-stage, 1", "mobile-asc-net-gated, 2"})
    void whatIsFedAndWhatIsAskedForLieTogether(String model, int batch) {
        List<String> outputs = List.of(Network.EMBEDDING, Network.LOGITS);
        try (PreparedNetwork network = network(model);
                Execution execution = network.backend().open()) {
            Workspace workspace = new Workspace(feeds(batch), outputs, network.nodes(), execution);
            Memory arena = execution.allocate(workspace.floats());
            Map<String, View> views = workspace.views(arena);

            assertEquals(List.of(Network.FEATURES, Network.TIME_FEATURES, Network.LOCATION), workspace.feedOrder());
            long next = views.get(Network.FEATURES).offset();
            for (String name : workspace.feedOrder()) {
                assertEquals(next, views.get(name).offset());
                next += views.get(name).shape().elements();
            }

            View results = workspace.results(arena);
            long made = 0;
            for (String name : outputs) {
                View view = views.get(name);
                made += view.shape().elements();
                assertTrue(view.offset() >= results.offset());
                assertTrue(view.offset() + view.shape().elements()
                        <= results.offset() + results.shape().elements());
            }
            assertTrue(results.shape().elements() < made + 16L * outputs.size());
        }
    }

    /** A value that is both fed and asked for is where it was fed. */
    @Test
    void whatIsFedIsNotMade() {
        try (PreparedNetwork network = network("ascmamba-small");
                Execution execution = network.backend().open()) {
            Workspace whole = new Workspace(feeds(1), List.of(Network.LOGITS), network.nodes(), execution);
            Map<String, Shape> fed = new HashMap<>(feeds(1));
            fed.put(
                    Network.EMBEDDING,
                    whole.views(execution.allocate(whole.floats()))
                            .get(Network.EMBEDDING)
                            .shape());
            List<PreparedNetwork.Node> last = network.nodes().stream()
                    .filter(node -> node.name().equals(Network.LOGITS))
                    .toList();
            Workspace workspace = new Workspace(fed, List.of(Network.EMBEDDING, Network.LOGITS), last, execution);
            Memory arena = execution.allocate(workspace.floats());
            Shape logits = workspace.views(arena).get(Network.LOGITS).shape();
            assertTrue(workspace.results(arena).shape().elements() < logits.elements() + 16);
            assertNull(new Workspace(fed, List.of(Network.EMBEDDING), List.of(), execution).results(arena));
        }
    }

    @Test
    void onlyWhatWasPlannedIsFed() {
        try (PreparedNetwork network = network("ascmamba-small");
                NetworkSession session = network.open()) {
            session.plan(feeds(1), List.of(Network.LOGITS));
            session.feed(Map.of(Network.LOCATION, new float[1], Network.TIME_FEATURES, new float[8]));
            IllegalArgumentException e = assertThrows(
                    IllegalArgumentException.class,
                    () -> session.feed(Map.of(Network.LOCATION, new float[1], Network.PCM, new float[9])));
            assertTrue(e.getMessage().contains(Network.PCM), e.getMessage());
        }
    }
}
