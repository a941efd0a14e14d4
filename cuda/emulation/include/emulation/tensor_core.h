/*
 * How a tensor core adds up: not as a processor does.
 *
 * The products of one instruction and the sum so far are exact; they are aligned to the largest of them, what falls
 * below a fixed number of bits is cut off (not rounded), then they are added, and the result is cut off to float32
 * (M. Fasi, N. Higham, M. Mikaitis, S. Pranesh: Numerical behavior of NVIDIA tensor cores, PeerJ CS 7:e330, 2021, found
 * this on compute capability 7.0 to 8.0; cuda/test/tensor_core_test.cu asks the device). Cutting off is biased: over
 * a long sum the errors all point to zero, which rounding to nearest would hide.
 */
#pragma once

#include <algorithm>
#include <cmath>

namespace earshot::emulation {

/* Bits behind those of a float32 that are kept while terms are added. Later devices keep one or two: none is the worst
   that is known. */

/* Bits behind those of a float32 that are kept while terms are added. On an H200 sums of terms of both signs came out
   0.4 (TF32) and 0.6 (16 bits) units of the largest term nearer to zero than they are: as with two such bits. */
constexpr int TENSOR_CORE_GUARD_BITS = 2;

/* sum + a . b over `depth` factors, as one instruction makes it. */
inline float tensor_core_sum(float sum, const double *a, const double *b, unsigned depth) {
    double largest = std::fabs(static_cast<double>(sum));
    for (unsigned k = 0; k < depth; ++k) {
        const double size = std::fabs(a[k] * b[k]);
        if (!std::isfinite(size)) {
            largest = size;
            break;
        }
        largest = std::max(largest, size);
    }
    if (!std::isfinite(largest)) {
        double plain = sum;
        for (unsigned k = 0; k < depth; ++k) {
            plain += a[k] * b[k];
        }
        return static_cast<float>(plain);
    }
    if (largest == 0) {
        return 0.0F;
    }
    constexpr int FRACTION = 23;
    /* The last bit that is kept; 2^-1000 is nothing beside any float32. */
    const double unit = std::ldexp(1.0, std::max(std::ilogb(largest), -1000) - FRACTION - TENSOR_CORE_GUARD_BITS);
    const auto cut_off = [unit](double x) { return std::trunc(x / unit) * unit; };
    double total = cut_off(sum);
    for (unsigned k = 0; k < depth; ++k) {
        total += cut_off(a[k] * b[k]);
    }
    /* To float32 towards zero. */
    auto result = static_cast<float>(total);
    if (std::fabs(static_cast<double>(result)) > std::fabs(total)) {
        result = std::nextafter(result, 0.0F);
    }
    return result;
}

} // namespace earshot::emulation
