package org.earshot.backend.cpu.presets;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/**
 * Tells JavaCPP's parser how to read {@code earshot_cpu.h}; the class it generates is the whole native boundary.
 *
 * <p>The mark behind the library's name keeps JavaCPP from unpacking it: {@link org.earshot.natives.NativeBundle} does.
 */
@Properties(
        value =
                @Platform(
                        include = {"earshot_layers.h", "earshot_cpu.h"},
                        link = "earshot_cpu#"),
        target = "org.earshot.backend.cpu.EarshotCpu")
public class EarshotCpuPresets implements InfoMapper {
    /** Called by the parser. */
    public EarshotCpuPresets() {}

    @Override
    public void map(InfoMap infoMap) {
        infoMap.put(new Info("EARSHOT_CPU_API").cppTypes().annotations())
                .put(new Info("earshot_cpu_status")
                        .cast()
                        .valueTypes("int")
                        .pointerTypes("IntPointer", "IntBuffer", "int[]"))
                // Its arrays are not copied: the garbage collector waits for the fraction of a millisecond it takes.
                .put(new Info("earshot_cpu_resample")
                        .javaText("public static native @CriticalRegion @Cast(\"earshot_cpu_status\") int"
                                + " earshot_cpu_resample(int isa, @Const float[] coefficients, long coefficient_count,"
                                + " long up, long down, @Const float[] window, long window_count, long first_output,"
                                + " float[] output, long output_count, float[] scratch, long scratch_count);"));
    }
}
