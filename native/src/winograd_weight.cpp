#include "winograd_weight.h"

#include "convolution3x3_arguments.h"

namespace earshot {

float winograd_weight(const float *kernel, Index frequency) {
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

} // namespace earshot
