package org.earshot.benchmarks;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Map;
import org.earshot.network.Network;

/** ONNX Runtime on its CPU provider, all graph optimisations on; ASCMamba's scans are ONNX Scan nodes. */
final class OnnxRuntimeContender implements Contender {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;
    private final Clips clips;
    private final float[] logits;

    /**
     * Loads the model.
     *
     * @param smallBlocks whether a thread takes a quarter of its share of an operation at a time, and not all of it:
     *     with ASCMamba the faster where the processors are far apart ({@link CoreDistanceProfiler}), the same where
     *     they are near
     */
    OnnxRuntimeContender(int threads, Clips clips, boolean smallBlocks) {
        this.clips = clips;
        logits = new float[clips.logits().length];
        try (SessionOptions options = new SessionOptions()) {
            options.setIntraOpNumThreads(threads);
            options.setInterOpNumThreads(1);
            options.setOptimizationLevel(OptLevel.ALL_OPT);
            if (smallBlocks) {
                options.addConfigEntry("session.dynamic_block_base", "4");
            }
            session =
                    environment.createSession(BenchmarkModel.file("model.onnx").toString(), options);
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public float[] run() {
        long batch = clips.batch();
        try (OnnxTensor features = tensor(clips.features(), batch, clips.frames(), clips.bands());
                OnnxTensor location =
                        OnnxTensor.createTensor(environment, LongBuffer.wrap(clips.location()), new long[] {batch});
                OnnxTensor time = tensor(clips.timeFeatures(), batch, clips.timeFeatures().length / batch);
                OrtSession.Result result = session.run(
                        Map.of(Network.FEATURES, features, Network.LOCATION, location, Network.TIME_FEATURES, time))) {
            ((OnnxTensor) result.get(0)).getFloatBuffer().get(logits);
            return logits;
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    private OnnxTensor tensor(float[] values, long... shape) throws OrtException {
        return OnnxTensor.createTensor(environment, FloatBuffer.wrap(values), shape);
    }

    @Override
    public void close() {
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }
}
