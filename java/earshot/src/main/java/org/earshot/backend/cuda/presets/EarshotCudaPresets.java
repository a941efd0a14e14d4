package org.earshot.backend.cuda.presets;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/**
 * Tells JavaCPP's parser how to read {@code earshot_cuda.h}; the class it generates is the whole native boundary.
 *
 * <p>The mark behind the library's name keeps JavaCPP from unpacking it: {@link org.earshot.natives.NativeBundle} does.
 */
@Properties(
        value =
                @Platform(
                        include = {"earshot_layers.h", "earshot_cuda.h"},
                        link = "earshot_cuda#"),
        target = "org.earshot.backend.cuda.EarshotCuda")
public class EarshotCudaPresets implements InfoMapper {
    /** Called by the parser. */
    public EarshotCudaPresets() {}

    @Override
    public void map(InfoMap infoMap) {
        infoMap.put(new Info("EARSHOT_CUDA_API").cppTypes().annotations())
                // Its array is read where it lies: the function does nothing but copy. The parser has no word for that.
                .put(new Info("earshot_cuda_stage")
                        .javaText("@CriticalRegion public static native @Cast(\"earshot_cuda_status\") int"
                                + " earshot_cuda_stage(earshot_cuda_stream stream, @Cast(\"int64_t\") long place,"
                                + " @Const float[] values, @Cast(\"int64_t\") long first,"
                                + " @Cast(\"int64_t\") long count);\n"))
                .put(new Info("earshot_cuda_status")
                        .cast()
                        .valueTypes("int")
                        .pointerTypes("IntPointer", "IntBuffer", "int[]"));
    }
}
