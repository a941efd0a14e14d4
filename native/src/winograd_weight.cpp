#include "winograd_weight.h"

#include "convolution3x3_arguments.h"

namespace earshot {

namespace {

constexpr double TIME_POINTS[WINDOW_FRAMES - 1] = {0, 0.5, -0.5, 1, -1, 2, -2};
constexpr double BAND_POINTS[WINDOW_BANDS - 1] = {0, 0.625, -0.625, 1.25, -1.25};

/* Row i of G. */
struct Row {
    double of[3] = {0, 0, 1};

    template <std::size_t count>
    Row(const double (&points)[count], std::size_t i) {
        if (i == count) {
            return;
        }
        double distances = 1;
        for (std::size_t j = 0; j < count; ++j) {
            distances *= i == j ? 1 : points[i] - points[j];
        }
        of[0] = 1 / distances;
        of[1] = points[i] / distances;
        of[2] = points[i] * points[i] / distances;
    }
};

} // namespace

float winograd_weight(const float *kernel, Index frequency) {
    const Row time(TIME_POINTS, static_cast<std::size_t>(frequency / WINDOW_BANDS));
    const Row bands(BAND_POINTS, static_cast<std::size_t>(frequency % WINDOW_BANDS));
    double total = 0;
    for (Index cell = 0; cell < 9; ++cell) {
        total += time.of[cell / 3] * bands.of[cell % 3] * static_cast<double>(kernel[cell]);
    }
    return static_cast<float>(total);
}

} // namespace earshot
