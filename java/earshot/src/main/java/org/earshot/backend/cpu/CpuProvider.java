package org.earshot.backend.cpu;

import java.util.OptionalInt;
import org.earshot.backend.Backend;
import org.earshot.backend.BackendProvider;
import org.earshot.backend.Precision;
import org.earshot.error.BackendException;
import org.earshot.natives.NativeLibrary;

/** Loads the native library and starts the backend on the best instruction set there is. */
public final class CpuProvider implements BackendProvider {
    /** Creates the provider; nothing is loaded yet. */
    public CpuProvider() {}

    @Override
    public String name() {
        return CpuBackend.NAME;
    }

    @Override
    public Backend start(int threads, Precision precision, OptionalInt device) {
        BackendProvider.requireNoDevice(CpuBackend.NAME, device);
        load();
        return new CpuBackend(InstructionSet.best(), threads, precision);
    }

    /** Loads the library; the first failure's reason is kept, since the JVM reports later ones without it. */
    static void load() {
        if (Library.FAILURE != null) {
            throw new BackendException(CpuBackend.NAME, Library.FAILURE, "the native CPU library loaded");
        }
    }

    /** Loads once, when first looked at. */
    private static final class Library {
        /** Null if all went well. */
        static final String FAILURE = NativeLibrary.load(
                EarshotCpu.class, "earshot_cpu", EarshotCpu::earshot_cpu_abi, EarshotCpu.EARSHOT_CPU_ABI);
    }
}
