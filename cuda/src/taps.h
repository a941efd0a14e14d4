/* Weights of 3x3 convolutions of single channels, in the order in which a thread with some channels reads them. */
#pragma once

#include <cstdint>
#include <vector>

namespace earshot {

/* [C, 1, 3, 3] to [3, 3, C]. */
inline std::vector<float> taps_first(const float *weights, std::int32_t channels) {
    constexpr std::int64_t TAPS = 9;
    std::vector<float> turned;
    for (std::int64_t tap = 0; tap < TAPS; ++tap) {
        for (std::int64_t channel = 0; channel < channels; ++channel) {
            turned.push_back(weights[channel * TAPS + tap]);
        }
    }
    return turned;
}

} // namespace earshot
