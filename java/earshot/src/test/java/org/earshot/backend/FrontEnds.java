package org.earshot.backend;

import java.util.ArrayList;
import java.util.List;
import org.earshot.backend.choice.Backends;
import org.earshot.backend.cuda.CudaBackend;
import org.earshot.features.FeatureParameters;
import org.earshot.layer.Parameter;
import org.earshot.layer.Shape;

/** The backends that make features of PCM. */
public final class FrontEnds {
    private FrontEnds() {}

    /** Those of this machine, the one for tests, and CUDA's executed on the CPU. */
    public static List<Backend> all() {
        List<Backend> found = new ArrayList<>();
        found.add(new FrontEndBackend().backend());
        found.add(new CudaBackend(Precision.FLOAT32));
        for (Backends.Status status : Backends.status()) {
            if (status.starts()) {
                Backend backend = Backends.start(status.name(), 1);
                backend.frontEnd(FeatureParameters.baseline()).ifPresent(operation -> {
                    operation.close();
                    found.add(backend);
                });
            }
        }
        return found;
    }

    /** The features of clips of one length, one after the other. */
    public static float[] run(Backend backend, FeatureParameters parameters, int clips, float[] pcm) {
        Operation frontEnd = backend.frontEnd(parameters).orElseThrow();
        return Runner.run(backend, frontEnd, new Parameter(Shape.of(clips, pcm.length / clips, 1, 1), pcm));
    }
}
