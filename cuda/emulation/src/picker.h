/* Chooses who runs next among those that can. */
#pragma once

#include <cstdint>
#include <vector>

#include "emulation/control.h"

namespace earshot::emulation {

class Picker {
  public:
    Picker() = default;
    Picker(Order order, std::uint64_t seed) : order_(order), state_(seed) {}

    /* One of the warps in `ready`, a set of bits that is not empty. */
    unsigned warp(unsigned ready, unsigned current) {
        // A warp that keeps running for a while gets ahead of the others, which is what finds a missing barrier.
        if (order_ == Order::SHUFFLE && (ready >> current & 1U) != 0 && random() % 16 != 0) {
            return current;
        }
        return one_of(ready);
    }
    unsigned lane(unsigned ready) { return one_of(ready); }

    /* The numbers below `count` in the order in which blocks run; empty stands for the numbers as they are. */
    std::vector<std::uint64_t> blocks(std::uint64_t count);

  private:
    unsigned one_of(unsigned set) {
        switch (order_) {
        case Order::FORWARD:
            return static_cast<unsigned>(__builtin_ctz(set));
        case Order::REVERSE:
            return 31U - static_cast<unsigned>(__builtin_clz(set));
        case Order::SHUFFLE:
            break;
        }
        const unsigned start = random() % 32;
        const unsigned rotated = set >> start | set << ((32 - start) % 32);
        return (static_cast<unsigned>(__builtin_ctz(rotated)) + start) % 32;
    }

    /* Knuth's MMIX generator, of which the upper half is good. */
    std::uint32_t random() {
        state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<std::uint32_t>(state_ >> 32U);
    }

    Order order_ = Order::FORWARD;
    std::uint64_t state_ = 1;
};

} // namespace earshot::emulation
