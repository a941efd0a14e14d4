#include "reference_math.h"

namespace test {

Doubles band_norm(std::int32_t bands, const std::vector<float> &weights, const std::vector<float> &x) {
    Reader reader(weights);
    const Doubles scale = reader.take(size(bands));
    const Doubles shift = reader.take(size(bands));
    Doubles all;
    for (Size i = 0; i < x.size(); ++i) {
        all.push_back(static_cast<double>(x[i]) * scale[i % scale.size()] + shift[i % scale.size()]);
    }
    return all;
}

} // namespace test
