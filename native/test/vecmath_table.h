/* The vector functions of one instruction set, on arrays. */
#pragma once

#include <cstddef>

namespace test {

struct VectorMath {
    const char *name;
    bool fast_decay; /* whether there is a second decay, for steps in range */
    bool coarse;     /* as goes with products of bfloat16 */
    std::ptrdiff_t width;
    /* Each on a multiple of the vector's width. */
    void (*exp2)(const float *x, float *y, std::ptrdiff_t count);
    void (*exp)(const float *x, float *y, std::ptrdiff_t count);
    void (*silu)(const float *x, float *y, std::ptrdiff_t count);
    void (*softplus)(const float *x, float *y, std::ptrdiff_t count);
    void (*decay)(const float *x, float *y, std::ptrdiff_t count);
    void (*fast)(const float *x, float *y, std::ptrdiff_t count);
};

extern const VectorMath BASELINE_MATH;
extern const VectorMath AVX2_MATH;
extern const VectorMath AVX512_MATH;
extern const VectorMath AVX512_BF16_MATH;

} // namespace test
