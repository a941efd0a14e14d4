#include "packing.h"

#include <cstring>

namespace earshot {

std::uint32_t weight_word(Arithmetic arithmetic, float first, float second) {
    const auto bits = [](float x) {
        std::uint32_t word;
        std::memcpy(&word, &x, sizeof word);
        return word;
    };
    switch (arithmetic) {
    case Arithmetic::TF32:
        /* To 10 explicit bits, ties away from zero, as cvt.rna does. */
        return (bits(first) + 0x1000U) & ~0x1FFFU;
    case Arithmetic::BF16: {
        /* To 7 explicit bits, ties to even, as cvt.rn does. */
        const auto rounded = [&](float x) { return (bits(x) + 0x7FFFU + ((bits(x) >> 16U) & 1U)) >> 16U; };
        return rounded(first) | rounded(second) << 16U;
    }
    default:
        return bits(first);
    }
}

} // namespace earshot
