#include <algorithm>

#include "plane.h"

namespace test {

std::vector<std::int32_t> SeparableShape::numbers() const {
    return {inputs, outputs, shortcut};
}

std::int64_t SeparableShape::weight_count() const {
    const std::int64_t o = outputs;
    return o * inputs * 9 + o + 9 * o + o * o + o + shortcut * (o * inputs + o);
}

Doubles residual_separable(const SeparableShape &s, const std::vector<float> &weights, const std::vector<float> &x,
                           std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    const Size i = size(s.inputs);
    const Size o = size(s.outputs);
    const std::int32_t precision = precision_of(s.inputs, s.precision);
    Reader reader(weights);
    const Doubles convolution = factors(reader.take(o * i * 9), precision);
    const Doubles bias = reader.take(o);
    const Doubles depthwise = reader.take(o * 9);
    const Doubles mixing = factors(reader.take(o * o), precision);
    const Doubles mixing_bias = reader.take(o);
    const Doubles shortcut = factors(reader.take(size(s.shortcut) * o * i), precision);
    const Doubles shortcut_bias = reader.take(size(s.shortcut) * o);
    Doubles all;
    for (Size b = 0; b < size(batch); ++b) {
        const Plane input = plane_of(x, b, size(frames), size(bands), i);
        const Plane factor = rounded(input, precision);
        Plane z = convolve(factor, convolution, bias);
        relu(z.values);
        z = pointwise(rounded(convolve(z, depthwise, Doubles(o, 0.0)), precision), mixing, mixing_bias);
        const Plane around = s.shortcut == 1 ? pointwise(factor, shortcut, shortcut_bias) : input;
        for (Size k = 0; k < z.values.size(); ++k) {
            z.values[k] = std::max(0.0, z.values[k] + around.values[k]);
        }
        const Plane y = pool(z);
        all.insert(all.end(), y.values.begin(), y.values.end());
    }
    return all;
}

} // namespace test
