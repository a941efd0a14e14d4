/* Sums over rows [bands, channels], of which means are made. */
#pragma once

#include "index.h"

namespace earshot {

/* to[c] = the sum of x[:, c], x [bands, channels]. */
void sum_row(const float *x, Index bands, Index channels, float *to);

/* to[c] = the mean over rows first to end of sums [rows, channels], each of `bands` values. */
void mean_of_rows(const float *sums, Index first, Index end, Index bands, Index channels, float *to);

} // namespace earshot
