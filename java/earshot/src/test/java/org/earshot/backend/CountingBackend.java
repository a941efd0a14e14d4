package org.earshot.backend;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.earshot.features.FeatureParameters;

/** Notes what its front end is run on. */
public final class CountingBackend extends WatchedBackend {
    private final List<Integer> samples = Collections.synchronizedList(new ArrayList<>());

    /** Open to the tests of other packages. */
    public CountingBackend() {}

    /** The samples of a clip in each run of a front end. */
    public List<Integer> samples() {
        return List.copyOf(samples);
    }

    /** How often a front end has run. */
    public int runs() {
        return samples.size();
    }

    @Override
    public Operation frontEnd(FeatureParameters parameters) {
        return watched(
                super.frontEnd(parameters),
                inputs -> samples.add(inputs.get(0).shape().extent(1)));
    }
}
