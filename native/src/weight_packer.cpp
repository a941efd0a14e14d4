#include "weight_packer.h"

#include <algorithm>

#include "boundary.h"
#include "panels.h"
#include "winograd_weight.h"

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

const float *WeightPacker::operand_rows(const float *from, Index rows, Index padded_rows, Index columns) {
    const Index step = operand_words(kernels_, round_up(columns, kernels_.width));
    float *to = arena_.zeros(size_product({padded_rows, step}));
    for (Index i = 0; i < rows; ++i) {
        const auto at = [&](Index k) { return k < columns ? from[i * columns + k] : 0.0F; };
        for (Index word = 0; word < step; ++word) {
            to[i * step + word] = kernels_.pairs ? bf16_pair(at(2 * word), at(2 * word + 1)) : at(word);
        }
    }
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
        return winograd ? winograd_weight(kernel, k / inputs) : kernel[k / inputs];
    });
    return {inputs, outputs, winograd, packed, padded(bias, outputs), arena_.zeros(columns)};
}

} // namespace earshot
