#include <cmath>

#include "reference_math.h"

namespace test {

std::vector<std::int32_t> GruShape::numbers() const {
    return {inputs, hidden};
}

std::int64_t GruShape::weight_count() const {
    return std::int64_t{3} * hidden * (inputs + hidden + 2);
}

Doubles gru(const GruShape &s, const std::vector<float> &weights, const std::vector<float> &x, std::int64_t batch,
            std::int64_t frames) {
    const Size inputs = size(s.inputs);
    const Size h = size(s.hidden);
    Reader reader(weights);
    const Doubles input_weight = reader.take(3 * h * inputs);
    const Doubles state_weight = reader.take(3 * h * h);
    const Doubles input_bias = reader.take(3 * h);
    const Doubles state_bias = reader.take(3 * h);
    Doubles all;
    for (Size b = 0; b < size(batch); ++b) {
        Doubles state(h, 0.0);
        for (Size t = 0; t < size(frames); ++t) {
            const Doubles from_input = affine(input_weight, input_bias, row(x, b * size(frames) + t, inputs));
            const Doubles from_state = affine(state_weight, state_bias, state);
            for (Size i = 0; i < h; ++i) {
                const double reset = sigmoid(from_input[i] + from_state[i]);
                const double keep = sigmoid(from_input[h + i] + from_state[h + i]);
                const double fresh = std::tanh(from_input[2 * h + i] + reset * from_state[2 * h + i]);
                state[i] = (1 - keep) * fresh + keep * state[i];
            }
            all.insert(all.end(), state.begin(), state.end());
        }
    }
    return all;
}

} // namespace test
