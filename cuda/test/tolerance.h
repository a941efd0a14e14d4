/* How far results may lie from the formulas where factors are rounded. */
#pragma once

#include <cmath>

#include "reference.h"

namespace test {

/*
 * How far rounded factors may move the mean: a rounding to bfloat16 at every factor of the named products moves it by
 * the reference's distance from the exact result. Kernels round at other places (norms and projections are multiplied
 * into weights), as many of them: four times the distance leaves room for that and for luck where a layer has only a
 * few numbers, and a wrong index is off by 100 %. TF32 keeps 3 more bits, an eighth.
 */
inline double tolerance(std::int32_t precision, const Doubles &exact, const Doubles &rounded) {
    double differences = 0;
    double squares = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
        differences += (rounded[i] - exact[i]) * (rounded[i] - exact[i]);
        squares += exact[i] * exact[i];
    }
    const double bf16 = 4 * std::sqrt(differences / (squares + 1e-300));
    return (precision == EARSHOT_PRECISION_BF16 ? bf16 : bf16 / 8) + 1e-5;
}

} // namespace test
