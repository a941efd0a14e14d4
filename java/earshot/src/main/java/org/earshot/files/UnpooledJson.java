package org.earshot.files;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;

/**
 * What every reader and writer of JSON here is built from. Jackson would otherwise keep a buffer in each thread, and
 * through it our class loader in the threads of a server that has long unloaded us.
 */
public final class UnpooledJson {
    private UnpooledJson() {}

    /**
     * A factory to be configured.
     *
     * @return its builder
     */
    public static JsonFactoryBuilder factory() {
        return (JsonFactoryBuilder) JsonFactory.builder().recyclerPool(JsonRecyclerPools.nonRecyclingPool());
    }
}
