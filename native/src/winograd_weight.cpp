#include "winograd_weight.h"

#include "convolution3x3_arguments.h"

namespace earshot {

namespace {

constexpr double POINTS[PATCH + 1] = {0, 0.625, -0.625, 1.25, -1.25};

/* Row i of G. */
struct Row {
    double of[3] = {0, 0, 1};

    explicit Row(Index i) {
        if (i > PATCH) {
            return;
        }
        double distances = 1;
        for (Index j = 0; j <= PATCH; ++j) {
            distances *= i == j ? 1 : POINTS[i] - POINTS[j];
        }
        of[0] = 1 / distances;
        of[1] = POINTS[i] / distances;
        of[2] = POINTS[i] * POINTS[i] / distances;
    }
};

} // namespace

float winograd_weight(const float *kernel, Index frequency) {
    const Row time(frequency / (PATCH + 2));
    const Row bands(frequency % (PATCH + 2));
    double total = 0;
    for (Index cell = 0; cell < 9; ++cell) {
        total += time.of[cell / 3] * bands.of[cell % 3] * static_cast<double>(kernel[cell]);
    }
    return static_cast<float>(total);
}

} // namespace earshot
