/* Linear maps of one row, for few numbers: in double precision, the same for every instruction set. */
#pragma once

#include "weight_packer.h"

namespace earshot {

/* y = W x + b, W [outputs, inputs]. */
struct Affine {
    const float *weight;
    const float *bias; /* null for none */
    Index inputs, outputs;

    double operator()(const float *x, Index o) const;
};

/* The map with weights of its own. */
Affine copied(WeightPacker &packer, const Affine &map);

double sigmoid(double x);

} // namespace earshot
