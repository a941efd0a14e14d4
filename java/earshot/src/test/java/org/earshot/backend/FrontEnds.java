package org.earshot.backend;

import java.util.List;
import org.earshot.backend.choice.Backends;
import org.earshot.features.FeatureParameters;
import org.earshot.layer.Parameter;
import org.earshot.layer.Shape;

/** The backends' front ends. */
public final class FrontEnds {
    private FrontEnds() {}

    /** The names of all backends. */
    public static List<String> names() {
        return List.of("portable", "cpu", "cuda");
    }

    /** A backend; CUDA's kernels are executed on the CPU where there is no device. */
    public static Backend start(String name) {
        return name.equals("cuda") ? CudaKernels.start(Precision.FLOAT32) : Backends.start(name, 1);
    }

    /** The features of clips of one length, one after the other. */
    public static float[] run(Backend backend, FeatureParameters parameters, int clips, float[] pcm) {
        Operation frontEnd = backend.frontEnd(parameters);
        return Runner.run(backend, frontEnd, new Parameter(Shape.of(clips, pcm.length / clips, 1, 1), pcm));
    }
}
