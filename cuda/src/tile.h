/*
 * The product that every large kernel is made of: a block of 8 warps multiplies a tile of 128 rows (held in shared
 * memory, 16 words of each row at a time) by 64 columns of weights, which come from global memory in the order in
 * which a warp's lanes need them.
 *
 * The four arithmetics differ in what a word is and in how words are multiplied; addresses are the same for all,
 * because the fragments of mma.m16n8k8 (TF32, one number a word) and mma.m16n8k16 (bfloat16, two) have the same words
 * in the same places:
 *   SCALAR  float32 multiply-adds, the plain version, and the only one before compute capability 8.0. Weights reach the
 *           lane that needs them by shuffles: 1 for 4 multiply-adds.
 *   SPLIT   float32 on tensor cores: x = high + low, both TF32; high high + high low + low high leaves out 2^-22 of a
 *           product (low low), about what float32 rounds off. 3 mma for one.
 *   TF32    factors rounded to 10 explicit bits.
 *   BF16    factors rounded to 7 explicit bits.
 *
 * Why weights skip shared memory: all blocks read the same few hundred kilobytes, so they come from L2 and, for three
 * of the four warps of a column, from L1; a lane's 16 bytes are two fragments, half the instructions that shared memory
 * would take, and no barrier.
 */
#pragma once

#include "intrinsics.h"

namespace earshot {

enum class Arithmetic { SCALAR, SPLIT, TF32, BF16 };

constexpr int TILE_ROWS = 128;
constexpr int TILE_COLUMNS = 64;
constexpr int TILE_THREADS = 256;
constexpr int CHUNK_WORDS = 16;
/* From row to row in shared memory: 20 words put the 8 rows x 4 words of a fragment into 32 different banks. */
constexpr int ROW_WORDS = 20;
/* Words of weights for one chunk and one tile of columns. */
constexpr int CHUNK_WEIGHTS = CHUNK_WORDS * TILE_COLUMNS;

/* Numbers of a row that one chunk holds. */
__host__ __device__ constexpr int chunk_elements(Arithmetic arithmetic) { return arithmetic == Arithmetic::BF16 ? 32 : 16; }

/*
 * Where the word k (0 to 15) of column n (0 to 63) lies in a chunk's weights: [half of the columns][step of 8 words]
 * [pair of 8-column fragments][lane][2 fragments x 2 words].
 */
__host__ __device__ constexpr int weight_position(int n, int k) {
    const int half = n / 32;
    const int fragment = n % 32 / 8;
    const int lane = n % 8 * 4 + k % 4;
    return ((half * 2 + k / 8) * 2 + fragment / 2) * 128 + lane * 4 + fragment % 2 * 2 + k % 8 / 4;
}

/* A warp's place in the tile, and a lane's in its fragments. */
struct Place {
    int lane;
    int row;    /* first of the warp's 32 rows */
    int column; /* first of the warp's 32 columns */

    __device__ __forceinline__ Place()
        : lane(static_cast<int>(threadIdx.x) % 32), row(static_cast<int>(threadIdx.x) / 64 * 32),
          column(static_cast<int>(threadIdx.x) / 32 % 2 * 32) {}

    /* The row (0 to 31 from the warp's first) of sum r (0 to 3), and the column of sum c (0 to 7). */
    __device__ __forceinline__ int sum_row(int r) const { return r * 8 + lane / 4; }
    __device__ __forceinline__ int sum_column(int c) const { return c / 2 * 8 + lane % 4 * 2 + c % 2; }
};

/* A lane's 4 x 8 sums: row sum_row(r), column sum_column(c). */
struct Sums {
    FragmentC fragment[2][4] = {};

    __device__ __forceinline__ float &at(int r, int c) { return fragment[r / 2][c / 2].v[r % 2 * 2 + c % 2]; }
};

/* A lane's weights of one chunk: [step][pair]. */
struct ChunkWeights {
    Vector<std::uint32_t, 4> pair[2][2];
};

__device__ __forceinline__ ChunkWeights load_weights(const Span<const std::uint32_t> &weights, std::int64_t chunk,
                                                     const Place &place) {
    ChunkWeights loaded;
    const std::int64_t base = chunk * CHUNK_WEIGHTS + place.column / 32 * (CHUNK_WEIGHTS / 2) + place.lane * 4;
#pragma unroll
    for (int step = 0; step < 2; ++step) {
#pragma unroll
        for (int pair = 0; pair < 2; ++pair) {
            loaded.pair[step][pair] = weights.load<4>(base + (step * 2 + pair) * 128);
        }
    }
    return loaded;
}

/* Four consecutive numbers of a row into a chunk's words; `element` is a multiple of 4. */
template <Arithmetic A>
__device__ __forceinline__ void store_words(const Shared<std::uint32_t> &rows, int row, int element, const Float4 &x) {
    if constexpr (A == Arithmetic::BF16) {
        rows.store<2>(row * ROW_WORDS + element / 2, {{pack_bf16(x.v[0], x.v[1]), pack_bf16(x.v[2], x.v[3])}});
    } else if constexpr (A == Arithmetic::TF32) {
        rows.store<4>(row * ROW_WORDS + element,
                      {{to_tf32(x.v[0]), to_tf32(x.v[1]), to_tf32(x.v[2]), to_tf32(x.v[3])}});
    } else {
        rows.store<4>(row * ROW_WORDS + element, {{bits_of(x.v[0]), bits_of(x.v[1]), bits_of(x.v[2]), bits_of(x.v[3])}});
    }
}

/* word = high + low, both TF32. */
__device__ __forceinline__ void split(std::uint32_t word, std::uint32_t &high, std::uint32_t &low) {
    const float x = float_of(word);
    high = to_tf32(x);
    low = to_tf32(x - float_of(high));
}

template <int N> __device__ __forceinline__ void split(const std::uint32_t (&word)[N], std::uint32_t (&high)[N],
                                                       std::uint32_t (&low)[N]) {
#pragma unroll
    for (int i = 0; i < N; ++i) {
        split(word[i], high[i], low[i]);
    }
}

template <Arithmetic A>
__device__ __forceinline__ void multiply_step(Sums &sums, const Shared<std::uint32_t> &rows, const int (&row_words)[4],
                                              int shift, const Vector<std::uint32_t, 4> (&pair)[2], const Place &place) {
    if constexpr (A == Arithmetic::SCALAR) {
#pragma unroll
        for (int k = 0; k < 8; ++k) {
            float x[4];
#pragma unroll
            for (int r = 0; r < 4; ++r) {
                x[r] = float_of(rows[row_words[r] + shift + k]);
            }
#pragma unroll
            for (int c = 0; c < 8; ++c) {
                const int fragment = c / 2;
                const std::uint32_t mine = pair[fragment / 2].v[fragment % 2 * 2 + k / 4];
                const float w = float_of(__shfl_sync(0xFFFFFFFFU, mine, (place.lane % 4 * 2 + c % 2) * 4 + k % 4));
#pragma unroll
                for (int r = 0; r < 4; ++r) {
                    sums.at(r, c) = fmaf(x[r], w, sums.at(r, c));
                }
            }
        }
    } else {
        const int k = place.lane % 4;
        FragmentA a[2];
#pragma unroll
        for (int i = 0; i < 2; ++i) {
            a[i].word[0] = rows[row_words[2 * i] + shift + k];
            a[i].word[1] = rows[row_words[2 * i + 1] + shift + k];
            a[i].word[2] = rows[row_words[2 * i] + shift + k + 4];
            a[i].word[3] = rows[row_words[2 * i + 1] + shift + k + 4];
        }
        [[maybe_unused]] FragmentA high[2];
        [[maybe_unused]] FragmentA low[2];
        if constexpr (A == Arithmetic::SPLIT) {
            split(a[0].word, high[0].word, low[0].word);
            split(a[1].word, high[1].word, low[1].word);
        }
#pragma unroll
        for (int fragment = 0; fragment < 4; ++fragment) {
            const Vector<std::uint32_t, 4> &words = pair[fragment / 2];
            const FragmentB b = {{words.v[fragment % 2 * 2], words.v[fragment % 2 * 2 + 1]}};
            if constexpr (A == Arithmetic::SPLIT) {
                FragmentB b_high;
                FragmentB b_low;
                split(b.word, b_high.word, b_low.word);
#pragma unroll
                for (int i = 0; i < 2; ++i) {
                    /* The small products first: they would vanish beside the sum. */
                    mma_tf32(sums.fragment[i][fragment], low[i], b_high);
                    mma_tf32(sums.fragment[i][fragment], high[i], b_low);
                    mma_tf32(sums.fragment[i][fragment], high[i], b_high);
                }
            } else {
#pragma unroll
                for (int i = 0; i < 2; ++i) {
                    if constexpr (A == Arithmetic::BF16) {
                        mma_bf16(sums.fragment[i][fragment], a[i], b);
                    } else {
                        mma_tf32(sums.fragment[i][fragment], a[i], b);
                    }
                }
            }
        }
    }
}

/*
 * sums += rows x weights for one chunk. row_words[r] is where the words of row sum_row(r) begin in `rows`; `shift` is
 * added to all of them.
 */
template <Arithmetic A>
__device__ __forceinline__ void multiply(Sums &sums, const Shared<std::uint32_t> &rows, const int (&row_words)[4],
                                         int shift, const ChunkWeights &weights, const Place &place) {
#pragma unroll
    for (int step = 0; step < 2; ++step) {
        multiply_step<A>(sums, rows, row_words, shift + step * 8, weights.pair[step], place);
    }
}

} // namespace earshot
