package org.earshot.benchmarks.gpu;

import org.bytedeco.cuda.global.cudart;

/** The runtime's own copy within the device. */
final class DeviceCopy implements LibraryCall {
    private final Libraries libraries;
    private final DeviceMemory from;
    private final DeviceMemory to;

    /** Of so many values, repeated where they are fewer. */
    DeviceCopy(Libraries libraries, float[] values, long count) {
        this.libraries = libraries;
        from = new DeviceMemory(values, count, false);
        to = new DeviceMemory(count, false);
    }

    @Override
    public void enqueue() {
        Cuda.check(
                cudart.cudaMemcpyAsync(
                        to.address(), from.address(), to.bytes(), cudart.cudaMemcpyDeviceToDevice, libraries.stream),
                "a copy");
    }

    /** What the last run made. */
    float[] output() {
        return to.values();
    }

    @Override
    public void close() {
        from.close();
        to.close();
    }
}
