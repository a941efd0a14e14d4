#include "plane.h"

#include <algorithm>

namespace test {

Plane plane_of(const std::vector<float> &x, Size clip, Size frames, Size bands, Size channels) {
    Plane plane(frames, bands, channels);
    for (Size i = 0; i < plane.values.size(); ++i) {
        plane.values[i] = static_cast<double>(x[clip * plane.values.size() + i]);
    }
    return plane;
}

Plane rounded(Plane plane, std::int32_t precision) {
    plane.values = factors(plane.values, precision);
    return plane;
}

Plane convolve(const Plane &x, const Doubles &weight, const Doubles &bias) {
    Plane y(x.frames, x.bands, bias.size());
    const Size inputs = weight.size() / bias.size() / 9;
    for (Size t = 0; t < x.frames; ++t) {
        for (Size f = 0; f < x.bands; ++f) {
            for (Size o = 0; o < y.channels; ++o) {
                double total = bias[o];
                for (Size i = 0; i < inputs; ++i) {
                    for (Size cell = 0; cell < 9; ++cell) {
                        total += weight[(o * inputs + i) * 9 + cell] *
                                 x.padded(static_cast<std::int64_t>(t + cell / 3) - 1,
                                          static_cast<std::int64_t>(f + cell % 3) - 1, inputs == x.channels ? i : o);
                    }
                }
                y.at(t, f, o) = total;
            }
        }
    }
    return y;
}

Plane pointwise(const Plane &x, const Doubles &weight, const Doubles &bias) {
    Plane y(x.frames, x.bands, bias.size());
    y.values.clear();
    for (Size i = 0; i < x.values.size(); i += x.channels) {
        const auto start = x.values.begin() + static_cast<std::ptrdiff_t>(i);
        const Doubles row = affine(weight, bias, Doubles(start, start + static_cast<std::ptrdiff_t>(x.channels)));
        y.values.insert(y.values.end(), row.begin(), row.end());
    }
    return y;
}

Plane pool(const Plane &x) {
    Plane y(x.frames / 2, x.bands / 2, x.channels);
    for (Size t = 0; t < y.frames; ++t) {
        for (Size f = 0; f < y.bands; ++f) {
            for (Size c = 0; c < x.channels; ++c) {
                y.at(t, f, c) = (x.at(2 * t, 2 * f, c) + x.at(2 * t, 2 * f + 1, c) + x.at(2 * t + 1, 2 * f, c) +
                                 x.at(2 * t + 1, 2 * f + 1, c)) /
                                4;
            }
        }
    }
    return y;
}

void relu(Doubles &values) {
    for (double &v : values) {
        v = std::max(v, 0.0);
    }
}

std::int32_t precision_of(std::int32_t inputs, std::int32_t precision) {
    return inputs < 16 ? EARSHOT_PRECISION_FLOAT32 : precision;
}

} // namespace test
