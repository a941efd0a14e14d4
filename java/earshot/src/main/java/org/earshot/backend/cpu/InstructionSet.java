package org.earshot.backend.cpu;

import java.util.Locale;

/** Instruction sets the kernels are compiled for, each containing the ones before it. */
public enum InstructionSet {
    /** What every processor of the platform has. */
    BASELINE(EarshotCpu.EARSHOT_CPU_ISA_BASELINE),
    /** AVX2 and FMA. */
    AVX2(EarshotCpu.EARSHOT_CPU_ISA_AVX2),
    /** AVX-512 F, VL, DQ and BW. */
    AVX512(EarshotCpu.EARSHOT_CPU_ISA_AVX512);

    private final int code;

    InstructionSet(int code) {
        this.code = code;
    }

    /** The number the native side knows it by. */
    int code() {
        return code;
    }

    /**
     * Whether this processor has it and the system lets it be used.
     *
     * @return false if kernels for it would crash
     */
    public boolean available() {
        return isAvailable(code);
    }

    /**
     * Whether this set multiplies bfloat16 on this processor.
     *
     * @return true for AVX-512 where the processor has AVX512-BF16
     */
    public boolean hasBf16() {
        CpuProvider.load();
        return this == AVX512 && EarshotCpu.earshot_cpu_bf16_available() == 1;
    }

    private static boolean isAvailable(int code) {
        CpuProvider.load();
        return EarshotCpu.earshot_cpu_isa_available(code) == 1;
    }

    /**
     * The best there is here.
     *
     * @return an available set
     */
    public static InstructionSet best() {
        CpuProvider.load();
        return values()[EarshotCpu.earshot_cpu_isa_best()];
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
