#include "internal.h"

#include <cstdlib>
#include <cstring>
#include <new>

namespace earshot {

void Arena::Free::operator()(float *p) const noexcept {
    std::free(p);
}

float *Arena::zeros(Index floats) {
    const std::size_t bytes = static_cast<std::size_t>(round_up(floats == 0 ? 1 : floats, 16)) * sizeof(float);
    std::unique_ptr<float, Free> block(static_cast<float *>(std::aligned_alloc(64, bytes)));
    if (!block) {
        throw std::bad_alloc();
    }
    std::memset(block.get(), 0, bytes);
    blocks_.push_back(std::move(block));
    return blocks_.back().get();
}

const Kernels &CpuPacking::kernels() const {
    return kernels_for(isa, precision);
}

const Kernels &CpuPacking::float32_kernels() const {
    require_precision(precision);
    return kernels_for(isa, EARSHOT_PRECISION_FLOAT32);
}

Carver::Carver(float *base) {
    const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(base);
    base_ = base == nullptr ? nullptr : base + (64 - address % 64) % 64 / sizeof(float);
}

float *Carver::take(Index floats) {
    float *taken = base_ == nullptr ? nullptr : base_ + used_;
    used_ = size_sum({used_, round_up(floats, 16)});
    return taken;
}

Index Carver::floats() const {
    return used_ == 0 ? 0 : used_ + 16;
}

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

earshot::Index earshot_cpu_op::input1_floats(const earshot::Extents &) const {
    return 0;
}

earshot::Index earshot_cpu_op::scratch_floats(const earshot::Extents &, int) const {
    return 0;
}
