package org.earshot.backend;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.earshot.backend.common.CheckedOperation;
import org.earshot.backend.portable.PortableBackend;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMel;
import org.earshot.layer.LogMelSpectrogram;
import org.earshot.layer.Shape;

/** The portable backend with a front end: Java's {@link LogMel} as an operation. Counts its runs. */
public final class FrontEndBackend {
    private final AtomicInteger runs = new AtomicInteger();
    private final Backend backend;

    /** Starts with one thread. */
    public FrontEndBackend() {
        Backend portable = new PortableBackend(1);
        // A proxy, so that layers yet to come need no method here.
        backend = (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("frontEnd")) {
                        return Optional.of(new FrontEnd((FeatureParameters) arguments[0], runs));
                    }
                    try {
                        return method.invoke(portable, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /** The backend. */
    public Backend backend() {
        return backend;
    }

    /** How often a front end has run. */
    public int runs() {
        return runs.get();
    }

    private static final class FrontEnd extends CheckedOperation<Execution> {
        private final LogMel logMel;
        private final AtomicInteger runs;

        FrontEnd(FeatureParameters parameters, AtomicInteger runs) {
            super(new LogMelSpectrogram(parameters), Execution.class);
            this.logMel = new LogMel(parameters);
            this.runs = runs;
        }

        @Override
        public long scratch(List<Shape> inputs, Execution execution) {
            return 0;
        }

        @Override
        protected Step bindChecked(Execution execution, List<View> inputs, View output, View scratch) {
            View input = inputs.get(0);
            int samples = input.shape().extent(1);
            float[] pcm = new float[(int) input.shape().elements()];
            float[] features = new float[(int) output.shape().elements()];
            return () -> {
                execution.read(input, pcm);
                int clips = input.shape().extent(0);
                Arrays.fill(features, Float.NaN);
                for (int clip = 0; clip < clips; clip++) {
                    logMel.compute(
                            pcm, clip * samples, samples, features, clip * (features.length / clips), logMel.scratch());
                }
                execution.write(features, output);
                runs.incrementAndGet();
            };
        }

        @Override
        public void close() {
            // The garbage collector frees the tables.
        }
    }
}
