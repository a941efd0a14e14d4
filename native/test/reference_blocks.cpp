/* The convolutional blocks of SE-Trans and MobileASCNet. */
#include <algorithm>

#include "reference_math.h"

namespace test {

namespace {

/* [frames, bands, channels]. */
struct Plane {
    Size frames, bands, channels;
    Doubles values;

    Plane(Size t, Size f, Size c) : frames(t), bands(f), channels(c), values(t * f * c, 0.0) {}
    double &at(Size t, Size f, Size c) { return values[(t * bands + f) * channels + c]; }
    double at(Size t, Size f, Size c) const { return values[(t * bands + f) * channels + c]; }
    /* 0 beyond the edges. */
    double padded(std::int64_t t, std::int64_t f, Size c) const {
        const bool inside = t >= 0 && f >= 0 && size(t) < frames && size(f) < bands;
        return inside ? at(size(t), size(f), c) : 0;
    }
};

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

/* Weight [outputs, inputs, 3, 3]; depthwise where it is [outputs, 1, 3, 3] and the inputs are several. */
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

/* With fewer than 16 inputs a block is float32 whatever the precision (earshot_cuda.h); on the CPU all of them are. */
std::int32_t precision_of(std::int32_t inputs, std::int32_t precision) {
    return inputs < 16 ? EARSHOT_PRECISION_FLOAT32 : precision;
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
