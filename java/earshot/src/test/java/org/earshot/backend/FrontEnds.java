package org.earshot.backend;

import java.util.List;
import org.earshot.backend.choice.Backends;
import org.earshot.backend.cuda.CudaBackend;
import org.earshot.features.FeatureParameters;
import org.earshot.layer.Parameter;
import org.earshot.layer.Shape;

/** The backends' front ends. */
public final class FrontEnds {
    private FrontEnds() {}

    /** Every backend; CUDA's kernels are executed on the CPU where there is no device. */
    public static List<Backend> all() {
        return List.of(Backends.start("portable", 1), Backends.start("cpu", 1), new CudaBackend(Precision.FLOAT32));
    }

    /** The features of clips of one length, one after the other. */
    public static float[] run(Backend backend, FeatureParameters parameters, int clips, float[] pcm) {
        Operation frontEnd = backend.frontEnd(parameters);
        return Runner.run(backend, frontEnd, new Parameter(Shape.of(clips, pcm.length / clips, 1, 1), pcm));
    }
}
