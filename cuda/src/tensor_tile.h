/*
 * The multiply of tensor cores that every large kernel is made of: a warp multiplies rows, which lie in shared memory
 * in chunks of 32 words, by tiles of 8 columns of weights in the order in which its lanes need them, 16 bytes a lane.
 *
 * The arithmetics differ in what a word is; addresses are the same for all, because the fragments of mma.m16n8k8 (TF32,
 * one number a word) and mma.m16n8k16 (16 bits, two) have the same words in the same places.
 *
 * Sums: tensor cores do not round a sum, they cut off (emulation/tensor_core.h), and over a deep product that adds up.
 * Where float32 is asked for (splits()), the products of one or two steps are therefore summed from zero and added to
 * the sums outside, rounded: 4 additions for 3 or 6 instructions of the tensor cores, which leave the issue slots for
 * them.
 */
#pragma once

#include "arithmetic.h"
#include "tensor_core.h"

namespace earshot {

constexpr int TENSOR_THREADS = 256;

template <Arithmetic A>
__host__ __device__ constexpr Word word_of() {
    return A == Arithmetic::SPLIT || A == Arithmetic::TF32        ? Word::TF32
           : A == Arithmetic::HALF_SPLIT || A == Arithmetic::HALF ? Word::HALF
                                                                  : Word::BF16;
}

/* Vectors of 4 words that a lane needs of TILES tiles of 8 columns for one step. */
__host__ __device__ constexpr int step_vectors(Arithmetic a, int tiles) {
    return splits(a) ? tiles : (tiles + 1) / 2;
}
/* Words of weights for one step. */
__host__ __device__ constexpr int step_words(Arithmetic a, int tiles) {
    return step_vectors(a, tiles) * 32 * 4;
}

/*
 * A lane's weights of one step. With a split factor a vector holds one tile's high words and its low words, otherwise
 * two tiles' words.
 */
template <Arithmetic A, int TILES>
struct StepWeights {
    Vector<std::uint32_t, 4> vector[step_vectors(A, TILES)];

    /* `at`: where the step's words begin. */
    template <class Words, class Index>
    __device__ __forceinline__ void load(const Words &words, Index at, int lane) {
#pragma unroll
        for (int i = 0; i < step_vectors(A, TILES); ++i) {
            vector[i] = words.template load<4>(at + i * 128 + lane * 4);
        }
    }
    __device__ __forceinline__ FragmentB high(int tile) const {
        if constexpr (splits(A)) {
            return {{vector[tile].v[0], vector[tile].v[1]}};
        } else {
            return {{vector[tile / 2].v[tile % 2 * 2], vector[tile / 2].v[tile % 2 * 2 + 1]}};
        }
    }
    __device__ __forceinline__ FragmentB low(int tile) const {
        constexpr int FIRST = 2;
        return {{vector[tile].v[FIRST], vector[tile].v[FIRST + 1]}};
    }
};

/* From row to row of `chunks` chunks in shared memory. */
__host__ __device__ constexpr int row_words(int chunks) {
    return chunks * CHUNK_WORDS + 4;
}

/* A lane's sums of ROWS tiles of 16 rows by COLUMNS tiles of 8 columns. */
template <int ROWS, int COLUMNS>
struct TileSums {
    FragmentC fragment[ROWS][COLUMNS] = {};
};

/*
 * Where a lane finds the words of 16 rows whose words begin at `first`, `stride` apart: for load_fragment, or for BF16,
 * which reads two floats at a time, those of its own row.
 */
template <Arithmetic A>
__device__ __forceinline__ int lane_place(int first, int stride, int lane) {
    return A == Arithmetic::BF16 ? first + lane / 4 * stride + lane % 4 * 2
                                 : first + lane % 16 * stride + lane / 16 * 4;
}

/*
 * word = high + low, both TF32, but for 2^-22 of it: high is cut off, low rounded. (Rounding high as well would halve
 * that, and costs as much as all the rest.)
 */
__device__ __forceinline__ void split(std::uint32_t word, std::uint32_t &high, std::uint32_t &low) {
    high = word & ~TF32_UNREAD;
    low = to_tf32(float_of(word) - float_of(high));
}

/* The rows' fragment for step `step` of a chunk, and of a split factor its low part. */
template <Arithmetic A>
__device__ __forceinline__ void load_rows(const Shared<std::uint32_t> &words, int place, int eight_rows, int step,
                                          FragmentA &high, [[maybe_unused]] FragmentA &low) {
    if constexpr (A == Arithmetic::BF16) {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            const Vector<std::uint32_t, 2> pair = words.load<2>(place + i % 2 * eight_rows + i / 2 * 8 + step * 16);
            high.word[i] = pack_bf16(float_of(pair.v[0]), float_of(pair.v[1]));
        }
    } else {
        high = load_fragment(words, place + step * 8);
        if constexpr (A == Arithmetic::HALF_SPLIT) {
            low = load_fragment(words, place + step * 8 + CHUNK_WORDS / 2);
        } else if constexpr (A == Arithmetic::SPLIT) {
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                split(high.word[i], high.word[i], low.word[i]);
            }
        } else if constexpr (A == Arithmetic::TF32) {
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                high.word[i] = to_tf32(float_of(high.word[i]));
            }
        }
    }
}

/* Steps whose products are summed from zero. */
constexpr int STEPS_TOGETHER = 2;

/* sums += rows x weights for one step, the rows' fragments being there. */
template <Arithmetic A, int ROWS, int COLUMNS>
__device__ __forceinline__ void multiply_fragments(TileSums<ROWS, COLUMNS> &sums, const FragmentA (&high)[ROWS],
                                                   [[maybe_unused]] const FragmentA (&low)[ROWS],
                                                   const StepWeights<A, COLUMNS> &weights) {
    constexpr Word W = word_of<A>();
    if constexpr (splits(A)) {
        /* The small products first: they would vanish beside the sum. */
#pragma unroll
        for (int r = 0; r < ROWS; ++r) {
#pragma unroll
            for (int c = 0; c < COLUMNS; ++c) {
                mma<W>(sums.fragment[r][c], low[r], weights.high(c));
            }
        }
#pragma unroll
        for (int r = 0; r < ROWS; ++r) {
#pragma unroll
            for (int c = 0; c < COLUMNS; ++c) {
                mma<W>(sums.fragment[r][c], high[r], weights.low(c));
            }
        }
    }
#pragma unroll
    for (int r = 0; r < ROWS; ++r) {
#pragma unroll
        for (int c = 0; c < COLUMNS; ++c) {
            mma<W>(sums.fragment[r][c], high[r], weights.high(c));
        }
    }
}

/* The same for a row tile; of a split factor the step's products are summed from zero, and added to the sums outside. */
template <Arithmetic A, int COLUMNS>
__device__ __forceinline__ void multiply_fragment_rounded(FragmentC (&sums)[COLUMNS], const FragmentA &high,
                                                          const FragmentA &low,
                                                          const StepWeights<A, COLUMNS> &weights) {
    if constexpr (splits(A)) {
        TileSums<1, COLUMNS> products;
        multiply_fragments<A>(products, {high}, {low}, weights);
#pragma unroll
        for (int c = 0; c < COLUMNS; ++c) {
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                sums[c].v[i] += products.fragment[0][c].v[i];
            }
        }
    } else {
#pragma unroll
        for (int c = 0; c < COLUMNS; ++c) {
            mma<word_of<A>()>(sums[c], high, weights.high(c));
        }
    }
}

/* sums += rows x weights for one step. place[r]: lane_place of row tile r; eight_rows: words from a row to the eighth
   behind it. */
template <Arithmetic A, int ROWS, int COLUMNS>
__device__ __forceinline__ void multiply_step(TileSums<ROWS, COLUMNS> &sums, const Shared<std::uint32_t> &words,
                                              const int (&place)[ROWS], int eight_rows, int step,
                                              const StepWeights<A, COLUMNS> &weights) {
    FragmentA high[ROWS];
    FragmentA low[ROWS] = {};
#pragma unroll
    for (int r = 0; r < ROWS; ++r) {
        load_rows<A>(words, place[r], eight_rows, step, high[r], low[r]);
    }
    multiply_fragments<A>(sums, high, low, weights);
}

/* The same with the step's products summed from zero, a row tile after the other, and added to the sums outside. */
template <Arithmetic A, int ROWS, int COLUMNS>
__device__ __forceinline__ void multiply_step_rounded(TileSums<ROWS, COLUMNS> &sums, const Shared<std::uint32_t> &words,
                                                      const int (&place)[ROWS], int eight_rows, int step,
                                                      const StepWeights<A, COLUMNS> &weights) {
    if constexpr (splits(A)) {
#pragma unroll
        for (int r = 0; r < ROWS; ++r) {
            TileSums<1, COLUMNS> products;
            const int here[1] = {place[r]};
            multiply_step<A>(products, words, here, eight_rows, step, weights);
#pragma unroll
            for (int c = 0; c < COLUMNS; ++c) {
#pragma unroll
                for (int i = 0; i < 4; ++i) {
                    sums.fragment[r][c].v[i] += products.fragment[0][c].v[i];
                }
            }
        }
    } else {
        multiply_step<A>(sums, words, place, eight_rows, step, weights);
    }
}

/*
 * sums += rows x weights for STEPS steps; the weights of step i begin at `weights_at` + i * step_words in `weights`,
 * which is Shared or Span.
 */
template <Arithmetic A, int STEPS, int ROWS, int COLUMNS, class Words, class Index>
__device__ __forceinline__ void multiply_steps(TileSums<ROWS, COLUMNS> &sums, const Shared<std::uint32_t> &words,
                                               const int (&place)[ROWS], int eight_rows, const Words &weights,
                                               Index weights_at, int lane) {
    const auto step = [&](TileSums<ROWS, COLUMNS> &to, int i) {
        StepWeights<A, COLUMNS> w;
        w.load(weights, weights_at + i * step_words(A, COLUMNS), lane);
        multiply_step<A>(to, words, place, eight_rows, i, w);
    };
    if constexpr (splits(A)) {
#pragma unroll
        for (int first = 0; first < STEPS; first += STEPS_TOGETHER) {
            TileSums<ROWS, COLUMNS> products;
#pragma unroll
            for (int i = first; i < first + STEPS_TOGETHER && i < STEPS; ++i) {
                step(products, i);
            }
#pragma unroll
            for (int r = 0; r < ROWS; ++r) {
#pragma unroll
                for (int c = 0; c < COLUMNS; ++c) {
#pragma unroll
                    for (int i = 0; i < 4; ++i) {
                        sums.fragment[r][c].v[i] += products.fragment[r][c].v[i];
                    }
                }
            }
        }
    } else {
#pragma unroll
        for (int i = 0; i < STEPS; ++i) {
            step(sums, i);
        }
    }
}

/* Begins to copy `count` words (a multiple of 4) of weights to shared memory, by THREADS threads, of which this is
   number `thread`. */
template <int THREADS>
__device__ __forceinline__ void copy_weights(const Shared<std::uint32_t> &to, int at,
                                             const Span<const std::uint32_t> &from, std::int64_t first, int count,
                                             int thread) {
    constexpr int STEP = THREADS * 4;
    constexpr int TOGETHER = 4;
    int i = thread * 4;
    /* At distances that the instructions have room for: an address that is counted up waits for the copy before it. */
    for (; i + (TOGETHER - 1) * STEP < count; i += TOGETHER * STEP) {
#pragma unroll
        for (int j = 0; j < TOGETHER; ++j) {
            copy_async(to, at + i + j * STEP, from, first + i + j * STEP);
        }
    }
    for (; i < count; i += STEP) {
        copy_async(to, at + i, from, first + i);
    }
}

/*
 * Two numbers of a row into a chunk's words, at words[at] (and, of a split factor, at words[at + 16]): word `at` of the
 * chunk. For the arithmetics that take pairs.
 */
template <Arithmetic A>
struct PairWords {
    std::uint32_t high;
    std::uint32_t low;

    __device__ __forceinline__ PairWords(float first, float second) : low(0) {
        static_assert(takes_pairs(A), "floats are stored as they are");
        if constexpr (A == Arithmetic::BF16_PAIRS) {
            high = pack_bf16(first, second);
        } else {
            high = pack_half(first, second);
            if constexpr (A == Arithmetic::HALF_SPLIT) {
                const Float2 rounded = unpack_half(high);
                low = pack_half(first - rounded.v[0], second - rounded.v[1]);
            }
        }
    }
};

/*
 * How many tiles of 16 rows a warp should have (1, 2 or 4), given how many blocks that makes: a taller tile uses what
 * it reads for more rows (the factors, of the lower ones, are from counts of what shared memory and L1 must deliver
 * beside the tensor cores), but the busiest multiprocessor must not get more than its share.
 */
template <class Blocks>
int best_height(Arithmetic arithmetic, const Blocks &blocks, int multiprocessors) {
    /* SPLIT needs registers to split its rows in, and has none left for the tallest tile. */
    const int most = arithmetic == Arithmetic::SPLIT ? 2 : 4;
    int best = most;
    double least = 0;
    for (int rows = most; rows >= 1; rows /= 2) {
        const double factor = rows == 4 ? 1.0 : rows == 2 ? 1.15 : 1.4;
        const auto busiest = static_cast<double>(divide_up(blocks(rows), multiprocessors));
        const double cost = busiest * rows * factor;
        if (rows == most || cost < least) {
            best = rows;
            least = cost;
        }
    }
    return best;
}

/*
 * The kernels that write 32 columns a warp order them so that a lane has 4 in a row, 16 bytes: its sums of the tiles
 * 2 p and 2 p + 1 are the columns 16 p + 4 (lane % 4) to + 3. This is the column that lies at place c (0 to 7) of tile
 * j.
 */
__host__ __device__ constexpr int interleaved_column(int j, int c) {
    return j / 2 * 16 + c / 2 * 4 + j % 2 * 2 + c % 2;
}

} // namespace earshot
