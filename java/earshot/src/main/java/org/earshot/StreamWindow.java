package org.earshot;

import java.time.Duration;

/**
 * A window of live sound, and what it was taken for.
 *
 * @param start time from the stream's beginning, in the stream's own time: its samples and its gaps
 * @param end likewise
 * @param prediction the answer, of this window alone
 * @param <P> {@link ScenePrediction}, or {@link EnsemblePrediction} of a {@link SceneEnsemble}
 */
public record StreamWindow<P>(Duration start, Duration end, P prediction) {}
