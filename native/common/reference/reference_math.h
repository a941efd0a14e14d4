/* What the formulas of all layers are written with. */
#pragma once

#include <cmath>

#include "harness.h"
#include "reference.h"

namespace test {

using Size = std::size_t;

inline Size size(std::int64_t n) {
    return static_cast<Size>(n);
}

/* Reads weights one tensor after the other. */
class Reader {
  public:
    explicit Reader(const std::vector<float> &values) : values_(values) {}
    Doubles take(Size count) {
        Doubles taken(count);
        for (double &v : taken) {
            v = static_cast<double>(values_.at(next_++));
        }
        return taken;
    }

  private:
    const std::vector<float> &values_;
    Size next_ = 0;
};

/* The nearest number of 8 significant bits, ties to even; denormals become 0. */
inline double bf16(double x) {
    if (std::fabs(x) < 0x1p-126) {
        return 0;
    }
    int exponent = 0;
    std::frexp(x, &exponent);
    const double quantum = std::ldexp(1.0, exponent - 8);
    return std::nearbyint(x / quantum) * quantum;
}

/* As the products of this precision take their factors. */
inline Doubles factors(Doubles values, std::int32_t precision) {
    for (double &v : values) {
        v = precision == EARSHOT_PRECISION_BF16 ? bf16(v) : v;
    }
    return values;
}

/* y = W x, W [outputs, inputs]. */
inline Doubles multiply(const Doubles &weight, const Doubles &x) {
    Doubles y(weight.size() / x.size(), 0.0);
    for (Size o = 0; o < y.size(); ++o) {
        for (Size i = 0; i < x.size(); ++i) {
            y[o] += weight[o * x.size() + i] * x[i];
        }
    }
    return y;
}

/* y = W x + b. */
inline Doubles affine(const Doubles &weight, const Doubles &bias, const Doubles &x) {
    Doubles y = multiply(weight, x);
    for (Size o = 0; o < y.size(); ++o) {
        y[o] += bias[o];
    }
    return y;
}

/* Weight and bias of a linear layer. */
struct Map {
    Doubles weight, bias;

    Map(Reader &reader, Size outputs, Size inputs)
        : weight(reader.take(outputs * inputs)), bias(reader.take(outputs)) {}
    Doubles operator()(const Doubles &x) const { return affine(weight, bias, x); }
};

/* Row i of x [.., width]. */
inline Doubles row(const std::vector<float> &x, Size i, Size width) {
    const auto start = x.begin() + static_cast<std::ptrdiff_t>(i * width);
    return Doubles(start, start + static_cast<std::ptrdiff_t>(width));
}

inline double sigmoid(double x) {
    return 1 / (1 + std::exp(-x));
}

/* PyTorch's bins: [floor(i L / n), ceil((i + 1) L / n)). */
inline Size bin_first(Size i, Size length, Size bins) {
    return i * length / bins;
}
inline Size bin_end(Size i, Size length, Size bins) {
    return ((i + 1) * length + bins - 1) / bins;
}

} // namespace test
