#include "affine.h"

#include <cmath>

namespace earshot {

double Affine::operator()(const float *x, Index o) const {
    /* Several sums at a time: one alone would wait for each addition. */
    double totals[4] = {bias == nullptr ? 0.0 : static_cast<double>(bias[o]), 0, 0, 0};
    const float *w = weight + o * inputs;
    for (Index i = 0; i < inputs; ++i) {
        totals[i % 4] += static_cast<double>(w[i]) * static_cast<double>(x[i]);
    }
    return (totals[0] + totals[1]) + (totals[2] + totals[3]);
}

Affine copied(WeightPacker &packer, const Affine &map) {
    const float *weight = packer.copied(map.weight, map.outputs * map.inputs);
    return {weight, packer.copied(map.bias, map.outputs), map.inputs, map.outputs};
}

double sigmoid(double x) {
    return 1 / (1 + std::exp(-x));
}

} // namespace earshot
