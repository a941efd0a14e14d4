package org.earshot.backend.portable;

import java.util.OptionalInt;
import org.earshot.backend.Backend;
import org.earshot.backend.BackendProvider;
import org.earshot.backend.Precision;
import org.earshot.error.BackendException;

/** Starts the portable backend, which runs wherever Java does. */
public final class PortableProvider implements BackendProvider {
    /** Creates the provider. */
    public PortableProvider() {}

    @Override
    public String name() {
        return PortableBackend.NAME;
    }

    @Override
    public Backend start(int threads, Precision precision, OptionalInt device) {
        BackendProvider.requireNoDevice(PortableBackend.NAME, device);
        if (precision != Precision.FLOAT32) {
            throw new BackendException(
                    PortableBackend.NAME, "precision " + precision, Precision.FLOAT32 + ", the only one it has");
        }
        return new PortableBackend(threads);
    }
}
