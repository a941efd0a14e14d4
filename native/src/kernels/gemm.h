/*
 * Products of activations with packed weights, and convolutions as sums of such products.
 *
 * C[i, :] = bias + sum over taps, k of A_tap[i * lda + k] * B_tap[k, :] (+ R[i, :]). A tile of MR rows by NV vectors of
 * columns lives in registers: each step of k loads NV vectors of B, contiguous, and broadcasts MR numbers of A, which
 * therefore needs no packing and may have any stride. B is packed into panels of NV vectors [k][NV * width], so it is
 * read once from front to back per tile, out of the L1 cache where a panel fits there and else streamed from L2 (4 NV
 * width bytes for MR * NV multiply-adds: a third of what L2 delivers). The bound is the multiply-add ports. A and B
 * hold operands (operand.h): k counts words, lda is in words.
 */
#pragma once

#include "operand.h"

namespace earshot::EARSHOT_ISA {

#if defined(EARSHOT_VEC_AVX512) || defined(__aarch64__)
constexpr Index PANEL = 4; /* 6 x 4 accumulators, 4 columns, 1 broadcast: 29 of 32 registers */
constexpr Index MAX_ROWS[PANEL + 1] = {0, 12, 12, 8, 6};
#else
constexpr Index PANEL = 2; /* 6 x 2 accumulators, 2 columns, 1 broadcast: 15 of 16 registers */
constexpr Index MAX_ROWS[PANEL + 1] = {0, 10, 6};
#endif

/* One addend of a product: `a` points at row 0; `k` is the first of the tap's rows in a panel. */
struct Tap {
    const float *a;
    Index k;
};

/* Where a product goes. */
struct Target {
    float *c;
    Index ldc;
    const float *r; /* added, or null */
    Index ldr;
    Index columns; /* valid ones, counted from c */
};

/* The valid columns of a tile that has fewer than it computes, from [MR][NV] vectors. */
template <Index MR, Index NV>
inline void store_narrow(const float *tile, const Target &target) {
    for (Index i = 0; i < MR; ++i) {
        for (Index j = 0; j < NV && j * WIDTH < target.columns; ++j) {
            const Index left = target.columns - j * WIDTH;
            Vec v = load(tile + (i * NV + j) * WIDTH);
            if (target.r != nullptr) {
                v = v + load_at_most(target.r + i * target.ldr + j * WIDTH, left);
            }
            store_at_most(target.c + i * target.ldc + j * WIDTH, v, left);
        }
    }
}

/* All loops over the accumulators are unrolled and nothing takes their address: else they go through memory at either
 * end, which costs a tile of depth 64 a tenth of its time. */
template <Index MR, Index NV>
__attribute__((noinline)) void tile(const Tap *taps, Index count, Index a_offset, Index lda, Index depth,
                                    const float *panel, const float *bias, const Target &target) {
    Vec acc[MR][NV];
#pragma GCC unroll 16
    for (Index i = 0; i < MR; ++i) {
#pragma GCC unroll 4
        for (Index j = 0; j < NV; ++j) {
            acc[i][j] = load(bias + j * WIDTH);
        }
    }
    for (Index s = 0; s < count; ++s) {
        const float *a = taps[s].a + a_offset;
        const float *b = panel + taps[s].k * NV * WIDTH;
        for (Index k = 0; k < depth; ++k) {
            Vec column[NV];
#pragma GCC unroll 4
            for (Index j = 0; j < NV; ++j) {
                column[j] = load(b + j * WIDTH);
            }
            b += NV * WIDTH;
#pragma GCC unroll 16
            for (Index i = 0; i < MR; ++i) {
                const Vec x = set1(a[i * lda + k]);
#pragma GCC unroll 4
                for (Index j = 0; j < NV; ++j) {
                    acc[i][j] = multiply_add(x, column[j], acc[i][j]);
                }
            }
        }
    }
    if (target.columns < NV * WIDTH) {
        float narrow[MR * NV * WIDTH];
#pragma GCC unroll 16
        for (Index i = 0; i < MR; ++i) {
#pragma GCC unroll 4
            for (Index j = 0; j < NV; ++j) {
                store(narrow + (i * NV + j) * WIDTH, acc[i][j]);
            }
        }
        store_narrow<MR, NV>(narrow, target);
        return;
    }
    if (target.r != nullptr) {
#pragma GCC unroll 16
        for (Index i = 0; i < MR; ++i) {
#pragma GCC unroll 4
            for (Index j = 0; j < NV; ++j) {
                acc[i][j] = acc[i][j] + load(target.r + i * target.ldr + j * WIDTH);
            }
        }
    }
#pragma GCC unroll 16
    for (Index i = 0; i < MR; ++i) {
#pragma GCC unroll 4
        for (Index j = 0; j < NV; ++j) {
            store(target.c + i * target.ldc + j * WIDTH, acc[i][j]);
        }
    }
}

using TileFunction = void (*)(const Tap *, Index, Index, Index, Index, const float *, const float *, const Target &);

template <Index NV>
inline TileFunction tile_function(Index rows) {
    constexpr Index MOST = MAX_ROWS[NV];
    static_assert(MOST <= 12, "the switch below ends at 12");
    switch (rows) {
    case 1:
        return tile<1, NV>;
    case 2:
        return tile<2, NV>;
    case 3:
        return tile<3, NV>;
    case 4:
        return tile<4, NV>;
    case 5:
        return tile<5, NV>;
    case 6:
        return tile<6, NV>;
    case 7:
        return tile<(7 <= MOST ? 7 : 1), NV>;
    case 8:
        return tile<(8 <= MOST ? 8 : 1), NV>;
    case 9:
        return tile<(9 <= MOST ? 9 : 1), NV>;
    case 10:
        return tile<(10 <= MOST ? 10 : 1), NV>;
    case 11:
        return tile<(11 <= MOST ? 11 : 1), NV>;
    default:
        return tile<(12 <= MOST ? 12 : 1), NV>;
    }
}

inline TileFunction tile_function(Index rows, Index vectors) {
    switch (vectors) {
    case 1:
        return tile_function<1>(rows);
    case 2:
        return tile_function<2>(rows);
    case 3:
        return tile_function<(PANEL >= 3 ? 3 : 1)>(rows);
    default:
        return tile_function<(PANEL >= 4 ? 4 : 1)>(rows);
    }
}

/*
 * The product for `rows` rows: each tap gives `depth` steps of k; `packed` are all panels, each of panel_depth steps
 * (those of taps that are left out included); bias is padded.
 */
inline void product(const Tap *taps, Index count, Index lda, Index depth, const float *packed, Index panel_depth,
                    Index columns_padded, const float *bias, Index rows, const Target &target) {
    const Index vectors = columns_padded / WIDTH;
    for (Index first = 0; first < vectors; first += PANEL) {
        const Index nv = vectors - first < PANEL ? vectors - first : PANEL;
        const Index groups = (rows + MAX_ROWS[nv] - 1) / MAX_ROWS[nv];
        const float *panel = packed + first * WIDTH * panel_depth;
        for (Index g = 0; g < groups; ++g) {
            const Index row = rows * g / groups;
            const Index n = rows * (g + 1) / groups - row;
            const Target part = {target.c + row * target.ldc + first * WIDTH, target.ldc,
                                 target.r == nullptr ? nullptr : target.r + row * target.ldr + first * WIDTH,
                                 target.ldr, target.columns - first * WIDTH};
            tile_function(n, nv)(taps, count, row * lda, lda, depth, panel, bias + first * WIDTH, part);
        }
    }
}

/* The least multiple of four that is at least n. */
EARSHOT_INLINE Index fours(Index n) {
    return (n + 3) / 4 * 4;
}

/* four_columns for MR rows. */
template <Index MR>
EARSHOT_INLINE void four_columns_of(const float *a, Index lda, Index depth, const float *b, float *c, Index ldc) {
    Vec acc[MR][4];
#pragma GCC unroll 4
    for (Index i = 0; i < MR; ++i) {
#pragma GCC unroll 4
        for (Index j = 0; j < 4; ++j) {
            acc[i][j] = set1(0.0F);
        }
    }
    for (Index k = 0; k < depth; k += WIDTH) {
        Vec row[4];
#pragma GCC unroll 4
        for (Index j = 0; j < 4; ++j) {
            row[j] = load_at_most(b + j * depth + k, depth - k);
        }
#pragma GCC unroll 4
        for (Index i = 0; i < MR; ++i) {
            const Vec x = load_at_most(a + i * lda + k, depth - k);
#pragma GCC unroll 4
            for (Index j = 0; j < 4; ++j) {
                acc[i][j] = multiply_add(x, row[j], acc[i][j]);
            }
        }
    }
#pragma GCC unroll 4
    for (Index i = 0; i < MR; ++i) {
        store_sums(c + i * ldc, acc[i]);
    }
}

/*
 * C[i, j] = sum over k of A[i, k] B[j, k] for four j, as rows of `depth` words: with lanes along k, where lanes along the
 * columns would leave most of a vector empty.
 */
inline void four_columns(const float *a, Index lda, Index depth, const float *b, Index rows, float *c, Index ldc) {
    constexpr Index MR = PANEL; /* 16 accumulators of 32 registers, or 8 of 16 */
    Index i = 0;
    for (; i + MR <= rows; i += MR) {
        four_columns_of<MR>(a + i * lda, lda, depth, b, c + i * ldc, ldc);
    }
    for (; i < rows; ++i) {
        four_columns_of<1>(a + i * lda, lda, depth, b, c + i * ldc, ldc);
    }
}

} // namespace earshot::EARSHOT_ISA
