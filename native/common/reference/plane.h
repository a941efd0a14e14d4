/* What the convolutional blocks of SE-Trans and MobileASCNet are written with. */
#pragma once

#include "reference_math.h"

namespace test {

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

Plane plane_of(const std::vector<float> &x, Size clip, Size frames, Size bands, Size channels);

Plane rounded(Plane plane, std::int32_t precision);

/* Weight [outputs, inputs, 3, 3]; depthwise where it is [outputs, 1, 3, 3] and the inputs are several. */
Plane convolve(const Plane &x, const Doubles &weight, const Doubles &bias);

Plane pointwise(const Plane &x, const Doubles &weight, const Doubles &bias);

Plane pool(const Plane &x);

void relu(Doubles &values);

/* With fewer than 16 inputs a block is float32 whatever the precision (earshot_cuda.h); on the CPU all of them are. */
std::int32_t precision_of(std::int32_t inputs, std::int32_t precision);

} // namespace test
