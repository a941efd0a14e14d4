#include <algorithm>

#include "reference_math.h"

namespace test {

Doubles linear(std::int32_t inputs, std::int32_t outputs, bool relu, const std::vector<float> &weights,
               const std::vector<float> &x, std::int64_t batch) {
    Reader reader(weights);
    const Map map(reader, size(outputs), size(inputs));
    Doubles all;
    for (Size b = 0; b < size(batch); ++b) {
        for (const double y : map(row(x, b, size(inputs)))) {
            all.push_back(relu ? std::max(y, 0.0) : y);
        }
    }
    return all;
}

} // namespace test
