package org.earshot;

/** Turns PCM into the features that networks are fed, for one thread at a time. */
interface FrontEnd {
    /**
     * Computes the features of one window.
     *
     * @param pcm the samples, from the first element on
     * @param samples how many there are
     * @param features takes as many frames as the window has
     */
    void compute(float[] pcm, int samples, float[] features);
}
