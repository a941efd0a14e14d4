package org.earshot;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Several recordings of one call, cut into windows side by side: a window of each is computed together, and where a
 * recording ends, the next one takes its place.
 */
final class ClipsSideBySide {
    private final List<Item> items;
    private final Function<AudioClip, Windows> cut;
    private final int atOnce;
    private final SessionPool<ClassifierSession>.Turn turn;
    private final Call call;

    /**
     * A recording.
     *
     * @param contexts one for each model
     * @param results take what was found, likewise
     */
    record Item(AudioClip clip, List<ContextEncoding.Encoded> contexts, List<WindowResults> results) {}

    /**
     * Begins nothing yet.
     *
     * @param cut makes a recording's windows
     * @param atOnce windows that are computed together at most
     */
    ClipsSideBySide(
            List<Item> items,
            Function<AudioClip, Windows> cut,
            int atOnce,
            SessionPool<ClassifierSession>.Turn turn,
            Call call) {
        this.items = items;
        this.cut = cut;
        this.atOnce = atOnce;
        this.turn = turn;
        this.call = call;
    }

    /** A recording that has begun. */
    private final class Lane {
        private final Item item;
        private final Windows windows;

        private Lane(Item item) {
            this.item = item;
            windows = cut.apply(item.clip);
        }

        private boolean next() {
            return call.next(windows, turn);
        }
    }

    /** Computes all windows of all recordings. Between rounds, calls that wait have their turn. */
    void run() {
        int begun = 0;
        List<Lane> lanes = List.of();
        do {
            List<Lane> round = new ArrayList<>();
            for (Lane lane : lanes) {
                if (lane.next()) {
                    round.add(lane);
                } else {
                    WindowResults.noteLosses(lane.item.results, lane.item.clip.losses());
                }
            }
            for (; round.size() < atOnce && begun < items.size(); begun++) {
                Lane lane = new Lane(items.get(begun));
                lane.next();
                round.add(lane);
            }
            if (!lanes.isEmpty()) {
                turn.letOthers();
            }
            compute(round);
            lanes = round;
        } while (!lanes.isEmpty());
    }

    private void compute(List<Lane> lanes) {
        Map<WindowInput.Kind, List<Lane>> kinds = new LinkedHashMap<>();
        Map<Lane, WindowInput> inputs = new HashMap<>();
        for (Lane lane : lanes) {
            WindowInput input = turn.session().input(lane.windows.current(), lane.item.contexts);
            inputs.put(lane, input);
            kinds.computeIfAbsent(input.kind(), kind -> new ArrayList<>()).add(lane);
        }
        for (List<Lane> same : kinds.values()) {
            WindowRunner.Outputs outputs = turn.compute(session ->
                    session.runner().run(same.stream().map(inputs::get).toList(), turn));
            turn.computed(outputs);
            for (int i = 0; i < same.size(); i++) {
                Lane lane = same.get(i);
                SoundWindow window = lane.windows.current();
                ClassifierSession.add(
                        lane.item.results,
                        window.startTime(),
                        window.duration(),
                        outputs.windows().get(i));
            }
        }
    }
}
