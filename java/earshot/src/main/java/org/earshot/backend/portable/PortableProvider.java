package org.earshot.backend.portable;

import org.earshot.backend.Backend;
import org.earshot.backend.BackendProvider;

/** Starts the portable backend, which runs wherever Java does. */
public final class PortableProvider implements BackendProvider {
    /** Creates the provider. */
    public PortableProvider() {}

    @Override
    public String name() {
        return PortableBackend.NAME;
    }

    @Override
    public Backend start(int threads) {
        return new PortableBackend(threads);
    }
}
