#include "internal.h"

namespace earshot {

namespace {

const Kernels *const kTables[] = {
    &kBaselineKernels,
#if defined(__x86_64__)
    &kAvx2Kernels,
    &kAvx512Kernels,
#endif
};

constexpr std::int32_t kCount = static_cast<std::int32_t>(sizeof kTables / sizeof kTables[0]);

/* GCC's and Clang's own test of cpuid, which also asks whether the system saves the registers. */
bool available(std::int32_t isa) {
    switch (isa) {
    case EARSHOT_CPU_ISA_BASELINE:
        return true;
#if defined(__x86_64__)
    case EARSHOT_CPU_ISA_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case EARSHOT_CPU_ISA_AVX512:
        return available(EARSHOT_CPU_ISA_AVX2) && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512bw");
#endif
    default:
        return false;
    }
}

std::int32_t best() {
    std::int32_t isa = kCount - 1;
    while (!available(isa)) {
        --isa;
    }
    return isa;
}

} // namespace

const Kernels &kernels_for(std::int32_t isa) {
    const std::int32_t chosen = isa == EARSHOT_CPU_ISA_BEST ? best() : isa;
    if (chosen < 0 || !available(chosen)) {
        fail("instruction set: " + std::string(earshot_cpu_isa_name(isa)) + " is not to be had here; the best is " +
             earshot_cpu_isa_name(best()));
    }
    return *kTables[chosen];
}

std::int32_t isa_of(const Kernels &kernels) {
    std::int32_t isa = 0;
    while (kTables[isa] != &kernels) {
        ++isa;
    }
    return isa;
}

} // namespace earshot

extern "C" {

int32_t earshot_cpu_isa_best(void) {
    return earshot::best();
}

int32_t earshot_cpu_isa_available(int32_t isa) {
    return earshot::available(isa) ? 1 : 0;
}

const char *earshot_cpu_isa_name(int32_t isa) {
    switch (isa) {
    case EARSHOT_CPU_ISA_BASELINE:
        return "baseline";
    case EARSHOT_CPU_ISA_AVX2:
        return "avx2";
    case EARSHOT_CPU_ISA_AVX512:
        return "avx512";
    default:
        return "unknown";
    }
}
}
