#include "reference_math.h"

namespace test {

Doubles token_pool(std::int32_t channels, std::int32_t tokens, const std::vector<float> &x, std::int64_t batch,
                   std::int64_t frames, std::int64_t bands) {
    const Size c_count = size(channels);
    const Size rows = size(frames);
    Doubles all;
    for (Size task = 0; task < size(batch) * size(tokens); ++task) {
        const Size token = task % size(tokens);
        const Size first = bin_first(token, rows, size(tokens));
        const Size end = bin_end(token, rows, size(tokens));
        for (Size c = 0; c < c_count; ++c) {
            double total = 0;
            for (Size i = first * size(bands); i < end * size(bands); ++i) {
                total += static_cast<double>(x[(task / size(tokens) * rows * size(bands) + i) * c_count + c]);
            }
            all.push_back(total / static_cast<double>((end - first) * size(bands)));
        }
    }
    return all;
}

} // namespace test
