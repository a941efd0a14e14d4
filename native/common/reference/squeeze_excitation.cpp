#include <algorithm>

#include "plane.h"

namespace test {

namespace {

Doubles squeeze(const Plane &z, const std::vector<std::int32_t> &scales) {
    Doubles s;
    for (const std::int32_t scale : scales) {
        const Size k = size(scale);
        for (Size c = 0; c < z.channels; ++c) {
            for (Size bin = 0; bin < k * k; ++bin) {
                double total = 0;
                double count = 0;
                for (Size t = bin_first(bin / k, z.frames, k); t < bin_end(bin / k, z.frames, k); ++t) {
                    for (Size f = bin_first(bin % k, z.bands, k); f < bin_end(bin % k, z.bands, k); ++f) {
                        total += z.at(t, f, c);
                        count += 1;
                    }
                }
                s.push_back(total / count);
            }
        }
    }
    return s;
}

std::int64_t bins(const std::vector<std::int32_t> &scales) {
    std::int64_t total = 0;
    for (const std::int64_t k : scales) {
        total += k * k;
    }
    return total;
}

} // namespace

std::vector<std::int32_t> SqueezeShape::numbers() const {
    std::vector<std::int32_t> all = {inputs, outputs, hidden, pooled, static_cast<std::int32_t>(scales.size())};
    all.insert(all.end(), scales.begin(), scales.end());
    return all;
}

std::int64_t SqueezeShape::weight_count() const {
    const std::int64_t o = outputs;
    return o * inputs * 9 + o + hidden * bins(scales) * o + o * hidden;
}

Doubles squeeze_excitation(const SqueezeShape &s, const std::vector<float> &weights, const std::vector<float> &x,
                           std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    const Size o = size(s.outputs);
    const Size h = size(s.hidden);
    const std::int32_t precision = precision_of(s.inputs, s.precision);
    Reader reader(weights);
    const Doubles convolution = factors(reader.take(o * size(s.inputs) * 9), precision);
    const Doubles bias = reader.take(o);
    const Doubles narrow = reader.take(h * size(bins(s.scales)) * o);
    const Doubles widen = reader.take(o * h);
    Doubles all;
    for (Size b = 0; b < size(batch); ++b) {
        const Plane input = rounded(plane_of(x, b, size(frames), size(bands), size(s.inputs)), precision);
        Plane z = convolve(input, convolution, bias);
        Doubles hidden = multiply(narrow, squeeze(z, s.scales));
        relu(hidden);
        const Doubles gate = multiply(widen, hidden);
        for (Size i = 0; i < z.values.size(); ++i) {
            z.values[i] = std::max(0.0, z.values[i] * sigmoid(gate[i % o]));
        }
        const Plane y = s.pooled == 1 ? pool(z) : z;
        all.insert(all.end(), y.values.begin(), y.values.end());
    }
    return all;
}

} // namespace test
