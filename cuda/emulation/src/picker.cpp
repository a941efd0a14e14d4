#include "picker.h"

#include <algorithm>
#include <numeric>

namespace earshot::emulation {

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
