#include <algorithm>
#include <cmath>

#include "reference_math.h"

namespace test {

Doubles global_pool(std::int32_t channels, std::int32_t pool, const std::vector<float> &x, std::int64_t batch) {
    const Size c = size(channels);
    const Size positions = x.size() / c / size(batch);
    Doubles all(size(batch) * c, pool == EARSHOT_POOL_MEAN ? 0.0 : -INFINITY);
    for (Size i = 0; i < x.size(); ++i) {
        double &to = all[i / (positions * c) * c + i % c];
        const double value = static_cast<double>(x[i]);
        to = pool == EARSHOT_POOL_MEAN ? to + value / static_cast<double>(positions) : std::max(to, value);
    }
    return all;
}

} // namespace test
