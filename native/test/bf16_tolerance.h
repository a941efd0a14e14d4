/* How far results in bfloat16 may lie from the formulas. */
#pragma once

#include <cmath>

#include "reference.h"

namespace test {

/*
 * How far bfloat16 products may lie from products in double precision whose factors are rounded as well (`rounded`), as
 * a mean error. The two differ like float32 and double, but where that moves a factor across the middle between two
 * numbers of 8 significant bits, it is rounded the other way: one factor in about 2^-8 / 1e-6 = 4000, by 2^-8 of it.
 * Those few make a share of the difference that rounding every factor makes (`rounded` against `exact`), whatever the
 * condition of the layers behind: the root of 1 / 4000, 2 %, on the average of many numbers, allowed is 10 % in planes
 * of some hundred; and that anew for each of the `products` one behind the other, since a factor that went the other
 * way moves all those that depend on it. A kernel that rounds otherwise, or leaves out a product, is off by 100 % or
 * more.
 */
inline double bf16_tolerance(const Doubles &rounded, const Doubles &exact, int products) {
    double differences = 0;
    double squares = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
        differences += (rounded[i] - exact[i]) * (rounded[i] - exact[i]);
        squares += rounded[i] * rounded[i];
    }
    return 0.1 * products * std::sqrt(differences / (squares + 1e-300)) + 1e-5;
}

} // namespace test
