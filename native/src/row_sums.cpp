#include "row_sums.h"

#include <algorithm>

namespace earshot {

void sum_row(const float *x, Index bands, Index channels, float *to) {
    std::copy_n(x, channels, to);
    for (Index f = 1; f < bands; ++f) {
        for (Index c = 0; c < channels; ++c) {
            to[c] += x[f * channels + c];
        }
    }
}

void mean_of_rows(const float *sums, Index first, Index end, Index bands, Index channels, float *to) {
    const double positions = static_cast<double>(end - first) * static_cast<double>(bands);
    for (Index c = 0; c < channels; ++c) {
        double total = 0;
        for (Index t = first; t < end; ++t) {
            total += static_cast<double>(sums[t * channels + c]);
        }
        to[c] = static_cast<float>(total / positions);
    }
}

} // namespace earshot
