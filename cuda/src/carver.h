/* How operations lay out their scratch memory. */
#pragma once

#include "boundary.h"
#include "device.h"

namespace earshot {

/* Cuts scratch memory into pieces that begin at 16 bytes; without memory it only counts. */
class Carver {
  public:
    Carver() = default;
    explicit Carver(const Span<float> &scratch) : base_(scratch) {
        const auto address = reinterpret_cast<std::uintptr_t>(scratch.data());
        used_ = static_cast<Index>((ALIGNMENT - address % ALIGNMENT) % ALIGNMENT / sizeof(float));
    }

    Span<float> take(Index floats) {
        const Span<float> taken = base_.empty() ? base_ : base_.part(used_, floats);
        used_ = size_sum({used_, round_up(floats, ALIGNMENT / sizeof(float))});
        return taken;
    }

    /* What was taken, and what aligning the start may cost. */
    Index floats() const { return used_ == 0 ? 0 : used_ + static_cast<Index>(ALIGNMENT / sizeof(float)); }

  private:
    static constexpr std::uintptr_t ALIGNMENT = 16;

    Span<float> base_;
    Index used_ = 0;
};

} // namespace earshot
