package org.earshot.benchmarks;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDList;
import ai.djl.translate.NoopTranslator;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import java.nio.file.Path;

/** A TorchScript file in DJL's PyTorch engine. */
final class TorchScript implements AutoCloseable {
    private final Model model;
    private final Predictor<NDList, NDList> predictor;

    /**
     * Loads a file.
     *
     * @param threads that compute one operator; the engine reads it once in a process
     */
    TorchScript(String file, int threads) {
        // Nothing is fetched and nothing is reported.
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(threads));
        System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
        model = Model.newInstance(file, "PyTorch");
        Path path = BenchmarkModel.file(file);
        try {
            model.load(path.getParent(), path.getFileName().toString());
        } catch (IOException | MalformedModelException e) {
            model.close();
            throw new IllegalStateException(e);
        }
        predictor = model.newPredictor(new NoopTranslator());
    }

    Model model() {
        return model;
    }

    /** Runs the script; the caller closes the result. */
    NDList run(NDList inputs) {
        try {
            return predictor.predict(inputs);
        } catch (TranslateException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        predictor.close();
        model.close();
    }
}
