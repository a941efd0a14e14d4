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
    unsigned one_of(unsigned set);
    std::uint32_t random();

    Order order_ = Order::FORWARD;
    std::uint64_t state_ = 1;
};

} // namespace earshot::emulation
