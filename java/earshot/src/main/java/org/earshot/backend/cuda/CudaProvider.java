package org.earshot.backend.cuda;

import java.util.OptionalInt;
import org.earshot.backend.Backend;
import org.earshot.backend.BackendProvider;
import org.earshot.backend.Precision;
import org.earshot.error.BackendException;
import org.earshot.natives.NativeLibrary;

/** Loads the native library and starts the backend where there is a device for it. */
public final class CudaProvider implements BackendProvider {
    /** Creates the provider; nothing is loaded yet. */
    public CudaProvider() {}

    @Override
    public String name() {
        return CudaBackend.NAME;
    }

    @Override
    public Backend start(int threads, Precision precision, OptionalInt device) {
        load();
        if (EarshotCuda.earshot_cuda_build() == EarshotCuda.EARSHOT_CUDA_BUILD_EMULATION) {
            throw new BackendException(
                    CudaBackend.NAME, "kernels compiled for the CPU, which are for tests", "kernels for a device");
        }
        return new CudaBackend(precision, device.orElse(0));
    }

    /** Loads the library; the first failure's reason is kept, since the JVM reports later ones without it. */
    static void load() {
        if (Library.FAILURE != null) {
            throw new BackendException(CudaBackend.NAME, Library.FAILURE, "the native CUDA library loaded");
        }
    }

    /** Loads once, when first looked at. */
    private static final class Library {
        /** Null if all went well. */
        static final String FAILURE = NativeLibrary.load(
                EarshotCuda.class, "earshot_cuda", EarshotCuda::earshot_cuda_abi, EarshotCuda.EARSHOT_CUDA_ABI);
    }
}
