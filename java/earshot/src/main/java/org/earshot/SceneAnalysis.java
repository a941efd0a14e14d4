package org.earshot;

/**
 * All that is found in one pass over a recording.
 *
 * @param <P> a classifier's answer
 * @param <E> its embedding
 * @param prediction as {@link Classifier#classify} answers
 * @param embedding as {@link Classifier#embed} answers
 */
public record SceneAnalysis<P, E>(P prediction, E embedding) {}
