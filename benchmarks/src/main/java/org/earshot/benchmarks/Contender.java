package org.earshot.benchmarks;

/** An engine that holds a network's weights and one batch of clips, ready to run. One caller at a time. */
interface Contender extends AutoCloseable {
    /** ONNX Runtime's Java API, with the setting that makes it fastest. */
    String ONNX_RUNTIME = "onnxruntime";

    /** The same as it is without that setting. */
    String ONNX_RUNTIME_DEFAULTS = "onnxruntime-defaults";

    /** The backend {@code cpu} as it runs on a processor without AVX-512. */
    String CPU_AVX2 = "cpu-avx2";

    /** PyTorch through DJL. */
    String DJL = "djl";

    /**
     * Hands the clips in as a caller holds them, runs the network, and hands the logits out.
     *
     * @return {@code [B, classes]}, valid until the next run
     */
    float[] run();

    @Override
    void close();

    /**
     * Opens an engine.
     *
     * @param name {@link #ONNX_RUNTIME}, {@link #ONNX_RUNTIME_DEFAULTS}, {@link #DJL}, {@link #CPU_AVX2}, or the name
     *     of one of Earshot's backends
     * @param threads that compute one run
     * @param clips what it will run on
     * @return the engine, checked: its logits agree with PyTorch's
     */
    static Contender open(String name, int threads, Clips clips) {
        Contender contender =
                switch (name) {
                    case ONNX_RUNTIME -> new OnnxRuntimeContender(threads, clips, true);
                    case ONNX_RUNTIME_DEFAULTS -> new OnnxRuntimeContender(threads, clips, false);
                    case DJL -> new DjlContender(threads, clips);
                    default -> new EarshotContender(name, threads, clips);
                };
        try {
            Agreement.require(name, contender.run(), clips.logits());
        } catch (RuntimeException e) {
            contender.close();
            throw e;
        }
        return contender;
    }
}
