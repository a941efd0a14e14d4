#include "weight_packer.h"

#include <algorithm>

#include "boundary.h"
#include "panels.h"

namespace earshot {

namespace {

/* Channels in and out from which Winograd's algorithm pays. */
constexpr Index WINOGRAD_CHANNELS = 16;

/*
 * G w G' (kernels/winograd.h) at one of FREQUENCIES, the bands' fastest: G takes the kernel's polynomial at a point and
 * divides it by the product of the point's distances to the other points; the last row is for infinity.
 */
float transformed(const float *kernel, Index frequency) {
    constexpr double TIME[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
    constexpr double POINTS[5] = {0, 0.625, -0.625, 1.25, -1.25};
    const Index j = frequency % (PATCH_BANDS + 2);
    double bands[3] = {0, 0, 1};
    if (j < 5) {
        double distances = 1;
        for (Index i = 0; i < 5; ++i) {
            distances *= i == j ? 1 : POINTS[j] - POINTS[i];
        }
        bands[0] = 1 / distances;
        bands[1] = POINTS[j] / distances;
        bands[2] = POINTS[j] * POINTS[j] / distances;
    }
    double total = 0;
    for (Index cell = 0; cell < 9; ++cell) {
        total += TIME[frequency / (PATCH_BANDS + 2)][cell / 3] * bands[cell % 3] * static_cast<double>(kernel[cell]);
    }
    return static_cast<float>(total);
}

} // namespace

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
    const bool winograd = inputs >= WINOGRAD_CHANNELS && outputs >= WINOGRAD_CHANNELS;
    const Index cells = 9;
    const Index groups = winograd ? FREQUENCIES : cells;
    const Index columns = round_up(outputs, kernels_.width);
    float *packed = arena_.zeros(packed_floats(kernels_, groups, inputs, columns));
    pack_panels(kernels_, groups, inputs, outputs, columns, packed, [=](Index k, Index o) {
        const float *kernel = weight + (o * inputs + k % inputs) * cells;
        return winograd ? transformed(kernel, k / inputs) : kernel[k / inputs];
    });
    return {inputs, outputs, winograd, packed, padded(bias, outputs), arena_.zeros(columns)};
}

} // namespace earshot
