package org.earshot.benchmarks.gpu;

import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.ShortPointer;

/** Numbers in a device's memory, as float32 or as bfloat16. */
final class DeviceMemory implements AutoCloseable {
    private final Pointer address = new BytePointer((Pointer) null);
    private final int count;
    private final boolean bf16;

    /** Zeros. */
    DeviceMemory(long count, boolean bf16) {
        this.count = Math.toIntExact(count);
        this.bf16 = bf16;
        Cuda.check(cudart.cudaMalloc(address, bytes()), "reserving " + bytes() + " bytes of the device");
        Cuda.check(cudart.cudaMemset(address, 0, bytes()), "clearing memory");
    }

    /** A copy of the values, again and again up to {@code count}; rounded to nearest if they are kept as bfloat16. */
    DeviceMemory(float[] values, long count, boolean bf16) {
        this(count, bf16);
        int first = Math.min(values.length, this.count);
        try (Pointer host = bf16 ? new ShortPointer(words(values, first)) : new FloatPointer(values)) {
            Cuda.check(cudart.cudaMemcpy(address, host, bytes(first), cudart.cudaMemcpyHostToDevice), "copying");
        }
        // Each copy doubles what is there.
        try (BytePointer to = new BytePointer(address)) {
            for (long there = first; there < this.count; there *= 2) {
                long more = Math.min(there, this.count - there);
                to.position(bytes(there));
                Cuda.check(cudart.cudaMemcpy(to, address, bytes(more), cudart.cudaMemcpyDeviceToDevice), "copying");
            }
        }
    }

    private static short[] words(float[] values, int count) {
        short[] words = new short[count];
        for (int i = 0; i < count; i++) {
            words[i] = toBf16(values[i]);
        }
        return words;
    }

    Pointer address() {
        return address;
    }

    long bytes() {
        return bytes(count);
    }

    private long bytes(long values) {
        return values * (bf16 ? Short.BYTES : Float.BYTES);
    }

    /** The values, after all work of the device. */
    float[] values() {
        Cuda.check(cudart.cudaDeviceSynchronize(), "running");
        float[] values = new float[count];
        if (bf16) {
            short[] words = new short[count];
            try (ShortPointer host = new ShortPointer(count)) {
                Cuda.check(cudart.cudaMemcpy(host, address, bytes(), cudart.cudaMemcpyDeviceToHost), "copying");
                host.get(words);
            }
            for (int i = 0; i < count; i++) {
                values[i] = fromBf16(words[i]);
            }
        } else {
            try (FloatPointer host = new FloatPointer(count)) {
                Cuda.check(cudart.cudaMemcpy(host, address, bytes(), cudart.cudaMemcpyDeviceToHost), "copying");
                host.get(values);
            }
        }
        return values;
    }

    /** The upper half of a float's bits, rounded to nearest, ties to even; for finite numbers. */
    static short toBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) ((bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16);
    }

    static float fromBf16(short word) {
        return Float.intBitsToFloat(word << 16);
    }

    @Override
    public void close() {
        cudart.cudaFree(address);
    }
}
