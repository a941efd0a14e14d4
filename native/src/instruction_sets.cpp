#include "instruction_sets.h"

#include <string>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "boundary.h"
#include "earshot_cpu.h"

namespace earshot {

namespace {

const Kernels *const TABLES[] = {
    &BASELINE_KERNELS,
#if defined(__x86_64__)
    &AVX2_KERNELS,
    &AVX512_KERNELS,
#endif
};

constexpr std::int32_t COUNT = static_cast<std::int32_t>(sizeof TABLES / sizeof TABLES[0]);

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
    std::int32_t isa = COUNT - 1;
    while (!available(isa)) {
        --isa;
    }
    return isa;
}

bool bf16_available() {
#if defined(__x86_64__)
    return available(EARSHOT_CPU_ISA_AVX512) && __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}

const Kernels &bf16_kernels(std::int32_t isa) {
#if defined(__x86_64__)
    if (isa == EARSHOT_CPU_ISA_AVX512 && bf16_available()) {
        return AVX512_BF16_KERNELS;
    }
#endif
    throw Failure{STATUS_UNSUPPORTED,
                  std::string("precision: bf16 with ") + earshot_cpu_isa_name(isa) +
                      (bf16_available() ? "; only avx512 has it" : "; this processor does not have AVX512-BF16")};
}

} // namespace

void require_precision(std::int32_t precision) {
    if (precision != EARSHOT_PRECISION_FLOAT32 && precision != EARSHOT_PRECISION_BF16) {
        fail("precision: " + std::to_string(precision) + "; expected 0 (float32) or 1 (bf16)");
    }
}

const Kernels &kernels_for(std::int32_t isa, std::int32_t precision) {
    require_precision(precision);
    const std::int32_t chosen = isa == EARSHOT_CPU_ISA_BEST ? best() : isa;
    if (chosen < 0 || !available(chosen)) {
        fail("instruction set: " + std::string(earshot_cpu_isa_name(isa)) + " is not to be had here; the best is " +
             earshot_cpu_isa_name(best()));
    }
    if (precision == EARSHOT_PRECISION_BF16) {
        return bf16_kernels(chosen);
    }
    return *TABLES[chosen];
}

bool adds_aside() {
#if defined(__x86_64__)
    unsigned int eax = 0;
    unsigned int ebx = 0;
    unsigned int ecx = 0;
    unsigned int edx = 0;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0) {
        return false;
    }
    const unsigned int family = (eax >> 8U & 0xFU) + (eax >> 20U & 0xFFU);
    return __builtin_cpu_is("amd") && (family == 0x19 || family == 0x1A);
#else
    return false;
#endif
}

std::int32_t isa_of(const Kernels &kernels) {
    if (kernels.pairs) {
        return EARSHOT_CPU_ISA_AVX512;
    }
    std::int32_t isa = 0;
    while (TABLES[isa] != &kernels) {
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

int32_t earshot_cpu_bf16_available(void) {
    return earshot::bf16_available() ? 1 : 0;
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
