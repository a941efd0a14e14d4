#include "picker.h"

#include <algorithm>
#include <numeric>

namespace earshot::emulation {

/* Knuth's MMIX generator, of which the upper half is good. */
std::uint32_t Picker::random() {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::uint32_t>(state_ >> 32U);
}

unsigned Picker::one_of(unsigned set) {
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

std::vector<std::uint64_t> Picker::blocks(std::uint64_t count) {
    if (order_ == Order::FORWARD) {
        return {};
    }
    std::vector<std::uint64_t> order(count);
    std::iota(order.begin(), order.end(), std::uint64_t{0});
    if (order_ == Order::REVERSE) {
        std::reverse(order.begin(), order.end());
    } else {
        for (std::uint64_t i = count; i > 1; --i) {
            std::swap(order[i - 1], order[random() % i]);
        }
    }
    return order;
}

} // namespace earshot::emulation
