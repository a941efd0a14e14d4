package org.earshot.backend.cuda;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.earshot.backend.Execution;
import org.earshot.backend.Operation;
import org.earshot.backend.Precision;
import org.earshot.backend.packing.PackedBackend;
import org.earshot.backend.packing.PackedLayer;
import org.earshot.error.BackendException;
import org.earshot.features.FeatureParameters;
import org.earshot.layer.LogMelSpectrogram;
import org.earshot.layer.Signature;

/** The CUDA kernels on one of the devices that this process sees ({@code CUDA_VISIBLE_DEVICES} chooses). */
public final class CudaBackend extends PackedBackend {
    /** Its name. */
    public static final String NAME = "cuda";

    /** More than any device's description takes. */
    private static final int DESCRIPTION_BYTES = 512;

    private final int device;
    private final String description;

    /**
     * Creates the backend on the first device, loading the library where nobody has yet.
     *
     * @param precision of the encoder's and the Mamba paths' products
     * @throws BackendException if there is no device to run on, or if it does not have the precision
     */
    public CudaBackend(Precision precision) {
        this(precision, 0);
    }

    /**
     * Creates the backend, loading the library where nobody has yet.
     *
     * @param precision of the encoder's and the Mamba paths' products
     * @param device which device, from 0 on
     * @throws BackendException if there is no such device (the message lists those there are), if it cannot run the
     *     kernels, or if it does not have the precision
     */
    public CudaBackend(Precision precision, int device) {
        super(NAME, precision);
        this.device = device;
        CudaProvider.load();
        requireDevice(device);
        CudaStatus.check(EarshotCuda.earshot_cuda_probe(device));
        description = describe(device);
        if (EarshotCuda.earshot_cuda_precision_available(device, precisionCode()) != 1) {
            throw new BackendException(
                    NAME,
                    "precision " + precision + " on " + description,
                    "a device of compute capability 8.0 or later, or precision " + Precision.FLOAT32);
        }
    }

    private static void requireDevice(int device) {
        int[] count = new int[1];
        CudaStatus.check(EarshotCuda.earshot_cuda_device_count(count));
        if (device < 0 || device >= count[0]) {
            List<String> all = new ArrayList<>();
            for (int i = 0; i < count[0]; i++) {
                all.add(nameOf(i));
            }
            throw new BackendException(NAME, "device " + device, "one of " + String.join("; ", all));
        }
    }

    /** A device in a list of all; one that cannot run the kernels is listed too. */
    private static String nameOf(int device) {
        try {
            return describe(device);
        } catch (BackendException e) {
            return "device " + device + " (" + e.getMessage() + ")";
        }
    }

    private static String describe(int device) {
        byte[] text = new byte[DESCRIPTION_BYTES];
        CudaStatus.check(EarshotCuda.earshot_cuda_describe(device, text, text.length));
        int length = 0;
        while (text[length] != 0) {
            length++;
        }
        return "device " + device + ": " + new String(text, 0, length, StandardCharsets.UTF_8);
    }

    @Override
    public boolean usesDeviceMemory() {
        return true;
    }

    @Override
    public long stagingBytes() {
        return (long) EarshotCuda.EARSHOT_CUDA_STAGING_FLOATS * Float.BYTES;
    }

    @Override
    public Execution open() {
        return new CudaExecution(device);
    }

    @Override
    protected Operation operation(Signature signature, PackedLayer packed) {
        return new CudaOperation(signature, packed, precisionCode(), device);
    }

    /** PCM goes up to the device as it is. */
    @Override
    public Operation frontEnd(FeatureParameters parameters) {
        LogMelSpectrogram frontEnd = new LogMelSpectrogram(parameters);
        return operation(frontEnd, PackedLayer.of(frontEnd));
    }

    @Override
    public String toString() {
        return NAME + "[" + shownPrecision() + description + "]";
    }
}
