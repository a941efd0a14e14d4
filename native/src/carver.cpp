#include "carver.h"

#include <cstdint>

#include "boundary.h"

namespace earshot {

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

} // namespace earshot
