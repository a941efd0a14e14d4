/*
 * Products by Winograd's inner product algorithm (IEEE Transactions on Computers C-17, 1968), for processors that add
 * beside their multiply-adds.
 *
 *   x1 w1 + x2 w2 = (x1 + w2) (x2 + w1) - x1 x2 - w1 w2
 *
 * takes one multiply-add and two additions instead of two multiply-adds. What is taken away belongs to a row of
 * activations (made once for all columns) and to a column of weights (part of the bias). Of every four steps of k the
 * first two are taken so and the other two directly: three multiply-adds and two additions where gemm.h has four
 * multiply-adds. Bound where additions have units of their own: three cycles instead of four; measured are 3.5, as the
 * two kinds get in each other's way. Where they share their units with multiply-adds this is slower than gemm.h
 * (instruction_sets.h says which processors these are).
 *
 * Rounding: the sums are of the size of x and w and not of their product, so both must be of one size, which the caller
 * sees to (mamba_path.cpp). A product of K steps with |x|, |w| of root mean square s has errors of some root(K) / 2^24
 * times 2 s^2, where direct multiply-adds have s^2.
 */
#pragma once

#include "gemm.h"

namespace earshot::EARSHOT_ISA {

constexpr Index PAIRED_ROWS = 4; /* 4 x 4 accumulators, 8 columns, 8 sums; or 4 x 2, 4 and 4 */

template <Index MR>
__attribute__((noinline)) void paired_tile(const float *a, Index lda, Index depth, const float *panel,
                                           const float *bias, const float *offsets, float *c, Index ldc) {
    constexpr Index NV = PANEL;
    constexpr Index STEP = NV * WIDTH;
    Vec acc[MR][NV];
#pragma GCC unroll 4
    for (Index i = 0; i < MR; ++i) {
#pragma GCC unroll 4
        for (Index j = 0; j < NV; ++j) {
            acc[i][j] = load(bias + j * WIDTH) + set1(offsets[i]);
        }
    }
    for (Index k = 0; k < depth; k += 4) {
        Vec first[NV];
        Vec second[NV];
#pragma GCC unroll 4
        for (Index j = 0; j < NV; ++j) {
            first[j] = load(panel + j * WIDTH);
            second[j] = load(panel + STEP + j * WIDTH);
        }
#pragma GCC unroll 4
        for (Index i = 0; i < MR; ++i) {
            const float *x = a + i * lda + k;
#pragma GCC unroll 4
            for (Index j = 0; j < NV; ++j) {
                acc[i][j] = fma(add_broadcast(second[j], x), add_broadcast(first[j], x + 1), acc[i][j]);
            }
        }
#pragma GCC unroll 2
        for (Index direct = 2; direct < 4; ++direct) {
            Vec column[NV];
#pragma GCC unroll 4
            for (Index j = 0; j < NV; ++j) {
                column[j] = load(panel + direct * STEP + j * WIDTH);
            }
#pragma GCC unroll 4
            for (Index i = 0; i < MR; ++i) {
                const Vec x = set1(a[i * lda + k + direct]);
#pragma GCC unroll 4
                for (Index j = 0; j < NV; ++j) {
                    acc[i][j] = fma(x, column[j], acc[i][j]);
                }
            }
        }
        panel += 4 * STEP;
    }
#pragma GCC unroll 4
    for (Index i = 0; i < MR; ++i) {
#pragma GCC unroll 4
        for (Index j = 0; j < NV; ++j) {
            store(c + i * ldc + j * WIDTH, acc[i][j]);
        }
    }
}

/*
 * C[i, :] = bias + offsets[i] + what remains of the product, by whole panels and for a depth that is a multiple of four.
 * offsets[i] is -(the sum over q of A[i, 4q] A[i, 4q + 1]), bias the same of the weights.
 */
inline void paired_product(const float *a, Index lda, Index depth, const float *packed, Index columns,
                           const float *bias, const float *offsets, Index rows, float *c, Index ldc) {
    const Index groups = (rows + PAIRED_ROWS - 1) / PAIRED_ROWS;
    for (Index first = 0; first < columns; first += PANEL * WIDTH) {
        for (Index g = 0; g < groups; ++g) {
            const Index row = rows * g / groups;
            const Index n = rows * (g + 1) / groups - row;
            const auto tile = n == 4   ? paired_tile<4>
                              : n == 3 ? paired_tile<3>
                              : n == 2 ? paired_tile<2>
                                       : paired_tile<1>;
            tile(a + row * lda, lda, depth, packed + first * depth, bias + first, offsets + row, c + row * ldc + first,
                 ldc);
        }
    }
}

} // namespace earshot::EARSHOT_ISA
