/*
 * Products by Winograd's inner product algorithm (IEEE Transactions on Computers C-17, 1968), for processors that add
 * beside their multiply-adds.
 *
 *   x1 w1 + x2 w2 = (x1 + w2) (x2 + w1) - x1 x2 - w1 w2
 *
 * takes one multiply-add and two additions instead of two multiply-adds. What is taken away belongs to a row of
 * activations (made once for all columns) and to a column of weights (part of the bias). Of every four steps of k the
 * first two are taken so and the other two directly: three multiply-adds and two additions where gemm.h has four
 * multiply-adds. Bound where additions have units of their own: three cycles instead of four. Zen 4 comes to 3.1 with
 * AVX-512, where an addition reads its broadcast from memory: with both operands in registers the two kinds wait for
 * each other to read, which takes 3.5, as with AVX2, which has no such addition. Where additions share their units with
 * multiply-adds this is slower than gemm.h (instruction_sets.h says which processors these are).
 *
 * Rounding: the sums are of the size of x and w and not of their product, so both must be of one size, which the caller
 * sees to (mamba_path.cpp). A product of K steps with |x|, |w| of root mean square s has errors of some root(K) / 2^24
 * times 2 s^2, where direct multiply-adds have s^2.
 */
#pragma once

#include "gemm.h"

namespace earshot::EARSHOT_ISA {

constexpr Index PAIRED_ROWS = 4; /* 4 x 4 accumulators, 8 columns, 8 sums; or 4 x 2, 4 and 4 */

/*
 * -(the sum over q of A[i, 4q] A[i, 4q + 1]) of `rows` rows of `depth` numbers, padded with zeros, to `offsets`, of which
 * there are a multiple of four. Every number is multiplied by its neighbour, and what is not a pair left out at the end.
 */
inline void pair_offsets(const float *a, Index lda, Index depth, Index rows, float *offsets) {
    for (Index i = 0; i < rows; i += 4) {
        Vec products[4];
#pragma GCC unroll 4
        for (Index r = 0; r < 4; ++r) {
            /* Behind the last row that row again. */
            const float *row = a + (i + r < rows ? i + r : rows - 1) * lda;
            products[r] = set1(0.0F);
            for (Index k = 0; k < depth; k += WIDTH) {
                const Vec v = load(row + k);
                products[r] = fma(v, neighbours(v), products[r]);
            }
            products[r] = every_fourth(set1(0.0F) - products[r]);
        }
        store_sums(offsets + i, products);
    }
}

/* As gemm.h's tile: all loops over the accumulators are unrolled and nothing takes their address. */
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
            const float *y = a + i * lda + k;
#pragma GCC unroll 4
            for (Index j = 0; j < NV; ++j) {
                acc[i][j] = fma(add_broadcast(second[j], y), add_broadcast(first[j], y + 1), acc[i][j]);
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
                const Vec y = set1(a[i * lda + k + direct]);
#pragma GCC unroll 4
                for (Index j = 0; j < NV; ++j) {
                    acc[i][j] = fma(y, column[j], acc[i][j]);
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
 * C[i, :] = A[i, :] B for whole panels and a depth that is a multiple of four; offsets are what pair_offsets made of A,
 * bias is less the same of the weights: of a column, the sum over q of B[4q] B[4q + 1].
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
