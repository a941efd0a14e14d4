/* Weights on their way from the boundary to the kernels. */
#include <algorithm>
#include <cmath>

#include "internal.h"

namespace earshot {

const float *WeightPacker::copied(const float *from, Index count) {
    float *to = arena_.zeros(count);
    std::copy_n(from, count, to);
    return to;
}

const float *WeightPacker::padded(const float *from, Index count) {
    float *to = arena_.zeros(round_up(count, kernels_.width));
    std::copy_n(from, count, to);
    return to;
}

const float *WeightPacker::transposed(const float *from, Index rows, Index columns) {
    const Index step = round_up(rows, kernels_.width);
    float *to = arena_.zeros(columns * step);
    for (Index i = 0; i < rows; ++i) {
        for (Index j = 0; j < columns; ++j) {
            to[j * step + i] = from[i * columns + j];
        }
    }
    return to;
}

const float *WeightPacker::panels(const float *from, Index outputs, Index inputs) {
    const Index columns = round_up(outputs, kernels_.width);
    float *to = arena_.zeros(packed_floats(kernels_, 1, inputs, columns));
    pack_panels(kernels_, 1, inputs, outputs, columns, to, [=](Index k, Index j) { return from[j * inputs + k]; });
    return to;
}

Convolution3x3 WeightPacker::convolution(const float *weight, const float *bias, Index outputs, Index inputs) {
    const Index cells = 9;
    const Index columns = round_up(outputs, kernels_.width);
    float *packed = arena_.zeros(packed_floats(kernels_, cells, inputs, columns));
    pack_panels(kernels_, cells, inputs, outputs, columns, packed, [=](Index k, Index o) {
        return weight[(o * inputs + k % inputs) * cells + k / inputs];
    });
    return {inputs, outputs, packed, padded(bias, outputs)};
}

double Affine::operator()(const float *x, Index o) const {
    /* Several sums at a time: one alone would wait for each addition. */
    double totals[4] = {bias == nullptr ? 0.0 : static_cast<double>(bias[o]), 0, 0, 0};
    const float *w = weight + o * inputs;
    for (Index i = 0; i < inputs; ++i) {
        totals[i % 4] += static_cast<double>(w[i]) * static_cast<double>(x[i]);
    }
    return (totals[0] + totals[1]) + (totals[2] + totals[3]);
}

double sigmoid(double x) {
    return 1 / (1 + std::exp(-x));
}

} // namespace earshot
