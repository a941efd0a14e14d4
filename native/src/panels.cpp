#include "panels.h"

#include <cstring>

#include "boundary.h"

namespace earshot {

namespace {

std::uint32_t bf16(float x) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &x, sizeof bits);
    if (x != x) {
        return bits >> 16U | 0x40U; /* quiet: its payload may lie in the half that goes */
    }
    return (bits + 0x7FFFU + (bits >> 16U & 1U)) >> 16U;
}

} // namespace

float bf16_pair(float low, float high) {
    const std::uint32_t bits = bf16(high) << 16U | bf16(low);
    float pair = 0;
    std::memcpy(&pair, &bits, sizeof pair);
    return pair;
}

Index packed_floats(const Kernels &kernels, Index groups, Index depth, Index columns_padded) {
    return size_product({groups, kernels.pairs ? (depth + 1) / 2 : depth, columns_padded});
}

} // namespace earshot
