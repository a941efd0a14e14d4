/* What the CPU library can be asked for on this machine. */
#pragma once

#include <string>
#include <vector>

#include "earshot_cpu.h"

namespace test {

/* The instruction sets that can be forced here. */
inline std::vector<std::int32_t> isas() {
    std::vector<std::int32_t> found;
    for (std::int32_t isa = 0; isa <= EARSHOT_CPU_ISA_AVX512; ++isa) {
        if (earshot_cpu_isa_available(isa) == 1) {
            found.push_back(isa);
        }
    }
    return found;
}

/* An instruction set and a precision that it has. */
struct Mode {
    std::int32_t isa = EARSHOT_CPU_ISA_BEST;
    std::int32_t precision = EARSHOT_PRECISION_FLOAT32;

    std::string name() const {
        return std::string(earshot_cpu_isa_name(isa)) + (precision == EARSHOT_PRECISION_BF16 ? " bf16" : "");
    }
};

inline std::vector<Mode> modes() {
    std::vector<Mode> found;
    for (const std::int32_t isa : isas()) {
        found.push_back({isa, EARSHOT_PRECISION_FLOAT32});
    }
    if (earshot_cpu_bf16_available() == 1) {
        found.push_back({EARSHOT_CPU_ISA_AVX512, EARSHOT_PRECISION_BF16});
    }
    return found;
}

} // namespace test
