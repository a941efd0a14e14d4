#include "reference_math.h"

namespace test {

Doubles gated_fusion(std::int32_t width, const std::vector<float> &weights, const std::vector<float> &x,
                     std::int64_t batch) {
    const Size w = size(width);
    Reader reader(weights);
    const Map carry(reader, w, w);
    const Map gate(reader, w, w);
    const Map transform(reader, w, w);
    Doubles all;
    for (Size b = 0; b < size(batch); ++b) {
        const Doubles v = row(x, b, w);
        const Doubles closed = carry(v);
        const Doubles open = gate(v);
        const Doubles fresh = transform(v);
        for (Size i = 0; i < w; ++i) {
            all.push_back(v[i] * (1 - sigmoid(closed[i])) + fresh[i] * sigmoid(open[i]));
        }
    }
    return all;
}

} // namespace test
