package org.earshot.natives;

import java.nio.file.Path;
import java.util.function.Function;
import org.earshot.AudioClip;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.backend.choice.Backends;
import org.earshot.backend.cpu.EarshotCpu;

/** What {@link ClassLoadersTest} has done in a class loader of its own. */
public final class IsolatedUse implements Function<Path, String> {
    /** Called by reflection. */
    public IsolatedUse() {}

    /**
     * Classifies a second of silence with a model.
     *
     * @param model a folder
     * @return what the kernels call their simplest instruction set, and the scene
     */
    @Override
    public String apply(Path model) {
        try (SceneClassifier classifier =
                SceneClassifier.builder(model).backend("cpu").load()) {
            String scene = classifier
                    .classify(AudioClip.of(new float[44_100], 44_100), RecordingContext.unknown())
                    .label();
            return EarshotCpu.earshot_cpu_isa_name(0).getString() + ", " + scene;
        } finally {
            Backends.release();
        }
    }
}
