/*
 * Norm, in_proj, causal convolution with SiLU and x_proj in one kernel: x, half of what in_proj makes, is never
 * written.
 *
 * Idea. A block stays with one direction, whose weights it keeps in shared memory, and takes tiles of 64 tokens in the
 * order of the sequences, 3 of them again from the tile before. A warp multiplies all 64 by 32 columns at a time. The
 * rows of the tile are numbered so that a lane's sums are 8 tokens one behind the other (of four channels each): the
 * convolution runs over registers, with 3 tokens from the lane 4 below. Its results lie as a fragment of A wants them,
 * so that x_proj goes on from registers as well; its weights are packed for the order of channels that this makes. What
 * the warps have of x_proj's sums, each for its channels, is added up in shared memory. So a tile's only barriers are
 * those around its start and that sum: while one warp of a scheduler is busy with exponentials (half of them begin with
 * z), the other multiplies. SiLU(z) is made here, where special functions are left over, and not in the scan, which
 * waits for them.
 *
 * Bytes (paper size, one clip): 4 MB read twice, h 4, u and SiLU(z) 32 each, [dt, B, C] 4.5 MB written, 172 KB of
 * weights a block (22 MB from L2, before begin_kernel()): 77 MB, 18 us on an H200. Flops: 2.6 G and 5 % for tokens done
 * again, with HALF_SPLIT three times that at 630 TFLOP/s: 13 us; a third of it with HALF. Two special functions a number
 * of u and z: 8 us. 255 tiles for each direction's 66 blocks: 4 one after the other. A scheduler issues some 6,400
 * instructions a tile with HALF_SPLIT, the tensor cores are busy for 6,100 cycles, shared memory for 7,000: 5 us.
 * Expected: 28 us, 20 with HALF.
 */
#include "mamba_front.h"

#include <algorithm>

#include "in_projection.h"
#include "runtime.h"
#include "token_rows.h"
#include "vectors.h"
#include "x_projection.h"

namespace earshot {

namespace {

constexpr int THREADS = TENSOR_THREADS;
constexpr int WARPS = THREADS / 32;
constexpr int BLOCK_ROWS = 64;
constexpr int ROWS = BLOCK_ROWS / 16; /* tiles of 16 rows: all of them are a warp's */
constexpr int LANE_ROWS = 2 * ROWS;   /* a lane's tokens, one behind the other */
constexpr int TAPS = X_PROJECTION_TAPS;
constexpr int HALO = TAPS - 1;
constexpr int TILE_TOKENS = BLOCK_ROWS - HALO;
constexpr int TILES = X_PROJECTION_FEW_TILES;
constexpr int SUM_WORDS = TILES * 8; /* from row to row of x_proj's sums in shared memory: without bank conflicts */
constexpr int SUM_PARTS = WARPS / 2;
constexpr std::int32_t FRONT_CHANNELS = 64; /* at most: more would hardly find room */

/* Row s of a tile's words in shared memory is the token at this place of the tile: a lane has rows lane / 4 + 8 i. */
__host__ __device__ constexpr int place_of(int row) {
    return row % 8 * 8 + row / 8;
}

/*
 * Where in a group of 32 channels the four begin that a lane (lane % 4) has of a pair of column tiles: for floats, so
 * that four lanes write 64 bytes in a row; for pairs, so that a lane's eight numbers lie one behind the other.
 */
__host__ __device__ constexpr int quad_channel(bool pairs, int pair, int lane) {
    return pairs ? lane % 4 * 8 + pair * 4 : pair * 16 + lane % 4 * 4;
}

/* Where things lie in a block's shared memory, in words. */
struct Layout {
    int in_words; /* of in_proj for x, and again for z */
    int x_words;
    int rows;
    int sums;
    int tokens;
    int parameters;
    int all;

    __host__ __device__ Layout(Arithmetic a, std::int32_t channels, std::int32_t inner)
        : in_words(in_projection_words(a, inner, channels)),
          x_words(chunks_of(a, inner) * chunk_steps(a) * step_words(a, TILES)), rows(2 * in_words + x_words),
          sums(rows + BLOCK_ROWS * row_words(chunks_of(a, channels))),
          tokens(sums + SUM_PARTS * BLOCK_ROWS * SUM_WORDS), parameters(tokens + 2 * 2 * BLOCK_ROWS),
          all(parameters + 2 * channels) {}
};

/* The tile of a block: tokens of one clip, from place `start` on in the order of its direction. */
struct FrontTile {
    int clip;
    int start;

    /* The one behind it, of clips of so many tokens. */
    __device__ __forceinline__ FrontTile next(int tokens) const {
        const int behind = start + TILE_TOKENS;
        return behind + HALO < tokens ? FrontTile{clip, behind} : FrontTile{clip + 1, -HALO};
    }
};

/* A token of a tile. */
struct Token {
    int index;  /* among those of all clips */
    int before; /* how many of its sequence are before it; 3 if more */
    bool exists;
};

__device__ __forceinline__ Token token_of(const MambaFront &p, const FrontTile &tile, int direction, int place) {
    const int at = tile.start + place;
    const auto tokens = static_cast<int>(p.norm.tokens);
    if (at < 0 || at >= tokens) {
        return {0, 0, false};
    }
    const int length = p.sequences.length;
    const int t = at % length;
    const int in_clip =
        at / length * p.sequences.sequence_step + (direction == 0 ? t : length - 1 - t) * p.sequences.step;
    return {tile.clip * tokens + in_clip, min(t, HALO), true};
}

/* The four numbers of row i (of the lane's) in column tiles 2 pair and 2 pair + 1. */
template <int COLUMNS>
__device__ __forceinline__ Float4 quad_of(const TileSums<ROWS, COLUMNS> &sums, int i, int pair) {
    Float4 y;
#pragma unroll
    for (int k = 0; k < 4; ++k) {
        y.v[k] = sums.fragment[i / 2][pair * 2 + k / 2].v[i % 2 * 2 + k % 2];
    }
    return y;
}

/*
 * sums += rows x weights for a chunk, a row tile after the other. Of a split factor no more steps than STEPS_TOGETHER
 * are summed from zero: the first chunk's are the sums themselves, the others' are added outside.
 */
template <Arithmetic A, bool FIRST>
__device__ __forceinline__ void multiply_chunk(TileSums<ROWS, 4> &sums, const Shared<std::uint32_t> &rows,
                                               const int (&place)[ROWS], int eight_rows,
                                               const Shared<std::uint32_t> &weights, int weights_at, int lane) {
    static_assert(!splits(A) || chunk_steps(A) <= STEPS_TOGETHER, "a chunk's products are summed from zero");
    StepWeights<A, 4> w[chunk_steps(A)];
#pragma unroll
    for (int step = 0; step < chunk_steps(A); ++step) {
        w[step].load(weights, weights_at + step * step_words(A, 4), lane);
    }
#pragma unroll
    for (int r = 0; r < ROWS; ++r) {
        TileSums<1, 4> products;
#pragma unroll
        for (int step = 0; step < chunk_steps(A); ++step) {
            const int here[1] = {place[r]};
            multiply_step<A>(products, rows, here, eight_rows, step, w[step]);
        }
#pragma unroll
        for (int c = 0; c < 4; ++c) {
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                float &sum = sums.fragment[r][c].v[i];
                sum = FIRST ? products.fragment[0][c].v[i] : sum + products.fragment[0][c].v[i];
            }
        }
    }
}

/* `aligned`: whether x lies at 16 bytes. PAIRS: u and SiLU(z) leave as pairs of bfloat16. */
template <Arithmetic A, bool PAIRS>
__global__ void __launch_bounds__(THREADS, 1) mamba_front_kernel(MambaFront p, bool aligned) {
    const TokenNorm &n = p.norm;
    const int inner = p.inner;
    const int chunks = chunks_of(A, n.channels);
    const int stride = row_words(chunks);
    const Layout layout(A, n.channels, inner);
    const Shared<std::uint32_t> weights(0, 2 * layout.in_words);
    const Shared<std::uint32_t> x_weights(2 * layout.in_words * 4, layout.x_words);
    const Shared<std::uint32_t> rows(layout.rows * 4, BLOCK_ROWS * stride);
    const Shared<float> parts(layout.sums * 4, SUM_PARTS * BLOCK_ROWS * SUM_WORDS);
    /* Two tiles' tokens in the order of their places, -1 where nothing is to be written; and Token::before. */
    const Shared<std::int32_t> tokens(layout.tokens * 4, 2 * BLOCK_ROWS);
    const Shared<std::int32_t> before((layout.tokens + 2 * BLOCK_ROWS) * 4, 2 * BLOCK_ROWS);
    const Shared<float> parameters(layout.parameters * 4, 2 * n.channels);

    const int thread = static_cast<int>(threadIdx.x);
    const int lane = thread % 32;
    const int warp = thread / 32;
    const int direction = static_cast<int>(blockIdx.x) % 2;
    const int steps = chunks * chunk_steps(A);
    const int groups = (inner + 31) / 32;
    /*
     * A warp's items: for each group of 32 channels that is its own, in_proj for x, with all that follows, and for z;
     * half of the warps begin with z.
     */
    const int first_item = warp * 2;
    const auto next_item = [](int item) { return item % 2 == 0 ? item + 1 : item + 2 * WARPS - 1; };
    const auto makes_z = [&](int item) { return (item % 2 == 0) == (warp >= WARPS / 2); };
    const auto weights_of = [&](int item) {
        return (makes_z(item) ? layout.in_words : 0) + item / 2 * steps * step_words(A, 4);
    };
    /* Each warp copies what it alone reads, what it begins with ahead of the rest. */
    for (int item = first_item; item < 2 * groups; item = next_item(item)) {
        copy_weights<32>(weights, weights_of(item), p.in_projection,
                         std::int64_t{direction} * 2 * layout.in_words + weights_of(item), steps * step_words(A, 4),
                         lane);
        if (!makes_z(item)) {
            const int at = item / 2 * 2 * step_words(A, TILES);
            copy_weights<32>(x_weights, at, p.x_projection, std::int64_t{direction} * layout.x_words + at,
                             2 * step_words(A, TILES), lane);
        }
        if (item == first_item) {
            commit_copies();
        }
    }
    commit_copies();
    begin_kernel();

    /* The block's share of the direction's tiles. */
    const auto clip_tokens = static_cast<int>(n.tokens);
    const int clip_tiles = (clip_tokens + TILE_TOKENS - 1) / TILE_TOKENS;
    const std::int64_t tiles = n.batch * clip_tiles;
    const auto share_begin = [&](std::int64_t block) { return static_cast<int>(tiles * block / (gridDim.x / 2)); };
    int left = share_begin(blockIdx.x / 2 + 1) - share_begin(blockIdx.x / 2);
    FrontTile tile = {share_begin(blockIdx.x / 2) / clip_tiles,
                      share_begin(blockIdx.x / 2) % clip_tiles * TILE_TOKENS - HALO};

    /* The tokens that this thread norms: two, of which it has a share. */
    constexpr int SHARES = BLOCK_ROWS * TOKEN_LANES / THREADS;
    struct Mine {
        TokenShare<lane_quads(FRONT_CHANNELS)> share[SHARES];
        Token token[SHARES];
    };
    const auto row_of = [&](int i) { return (i * THREADS + thread) / TOKEN_LANES; };
    const auto load = [&](Mine &to) {
#pragma unroll
        for (int i = 0; i < SHARES; ++i) {
            to.token[i] = token_of(p, tile, direction, place_of(row_of(i)));
            to.share[i].load(n, std::int64_t{to.token[i].index} * n.channels, to.token[i].exists, aligned, lane);
        }
    };
    int clip = -1;
    const auto norm = [&](Mine &from, int to_table) {
        if (n.kind != EARSHOT_NORM_NONE && tile.clip != clip) {
            norm_parameters<THREADS>(n, tile.clip, parameters);
            __syncthreads();
        }
        clip = tile.clip;
#pragma unroll
        for (int i = 0; i < SHARES; ++i) {
            const int row = row_of(i);
            const int place = place_of(row);
            const Token &token = from.token[i];
            const bool written = token.exists && place >= HALO;
            from.share[i].template norm<A>(n, parameters, std::int64_t{token.index} * n.channels,
                                           written && direction == 0, rows, row, lane);
            if (lane % TOKEN_LANES == 0) {
                tokens[to_table + place] = written ? token.index : -1;
                before[to_table + place] = token.before;
            }
        }
    };

    int table = 0;
    {
        Mine first;
        load(first);
        norm(first, table);
    }
    __syncthreads();

    int place[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; ++r) {
        place[r] = lane_place<A>(r * 16 * stride, stride, lane);
    }
    const int row_step = 2 * inner;
    for (; left > 0; --left) {
        TileSums<ROWS, TILES> x_sums;
        /* Token::before of the lane's tokens, two bits each. */
        unsigned edges = 0;
#pragma unroll
        for (int i = 0; i < LANE_ROWS; ++i) {
            edges |= static_cast<unsigned>(before[table + lane / 4 * LANE_ROWS + i]) << (2 * i);
        }
        const int my_tokens = table + lane / 4 * LANE_ROWS;
        for (int item = first_item; item < 2 * groups; item = next_item(item)) {
            const int group = item / 2;
            const bool gates = makes_z(item);
            const int weights_at = weights_of(item);
            /* In the first tile its weights may still be on their way. */
            if (item == first_item) {
                wait_for_groups<1>();
            } else {
                wait_for_groups<0>();
            }
            __syncwarp();
            TileSums<ROWS, 4> sums;
            multiply_chunk<A, true>(sums, rows, place, 8 * stride, weights, weights_at, lane);
#pragma unroll 1
            for (int chunk = 1; chunk < chunks; ++chunk) {
                const int here[ROWS] = {place[0] + chunk * CHUNK_WORDS, place[1] + chunk * CHUNK_WORDS,
                                        place[2] + chunk * CHUNK_WORDS, place[3] + chunk * CHUNK_WORDS};
                multiply_chunk<A, false>(sums, rows, here, 8 * stride, weights,
                                         weights_at + chunk * chunk_steps(A) * step_words(A, 4), lane);
            }
            /* The lane's tokens; what a token has begins at row_step times its number. */
            std::int32_t to[LANE_ROWS];
#pragma unroll
            for (int i = 0; i < LANE_ROWS; i += 4) {
                const Vector<std::int32_t, 4> four = tokens.load4(my_tokens + i);
#pragma unroll
                for (int k = 0; k < 4; ++k) {
                    to[i + k] = four.v[k];
                }
            }
            /* Of PAIRS, words of eight channels of each token. */
            [[maybe_unused]] Vector<std::uint32_t, 4> words[LANE_ROWS];
            const auto store_words = [&](const Span<std::uint32_t> &where) {
                const int channel = group * 32 + quad_channel(true, 0, lane);
#pragma unroll
                for (int i = 0; i < LANE_ROWS; ++i) {
                    store_if(where, multiply_wide(to[i], inner, (direction * inner + channel) / 2), words[i],
                             channel < inner && to[i] >= 0);
                }
            };
#pragma unroll
            for (int pair = 0; pair < 2; ++pair) {
                const int channel = group * 32 + quad_channel(PAIRS, pair, lane);
                const bool real = channel < inner;
                const int constant = direction * inner + channel;
                const auto store = [&](const Span<float> &where, int i, const Float4 &value) {
                    store_if(mutable_words(where), multiply_wide(to[i], row_step, constant),
                             {{bits_of(value.v[0]), bits_of(value.v[1]), bits_of(value.v[2]), bits_of(value.v[3])}},
                             real && to[i] >= 0);
                };
                if (gates) {
                    const Float4 scale = real ? p.gate_scale.load4(constant) : Float4{};
#pragma unroll
                    for (int i = 0; i < LANE_ROWS; ++i) {
                        Float4 z = quad_of(sums, i, pair);
#pragma unroll
                        for (int k = 0; k < 4; ++k) {
                            z.v[k] = silu(z.v[k] * scale.v[k]);
                        }
                        if constexpr (PAIRS) {
                            words[i].v[2 * pair] = pack_bf16(z.v[0], z.v[1]);
                            words[i].v[2 * pair + 1] = pack_bf16(z.v[2], z.v[3]);
                        } else {
                            store(p.gate, i, z);
                        }
                    }
                    continue;
                }
                Float4 filter[TAPS] = {};
                Float4 bias = {};
                Float4 range = {};
                if (real) {
#pragma unroll
                    for (int k = 0; k < TAPS; ++k) {
                        filter[k] = p.convolution.load4((direction * TAPS + k) * inner + channel);
                    }
                    bias = p.bias.load4(constant);
                    range = p.range.load4(constant);
                }
                /* x of the lane's tokens, behind that of the 3 before them, which the lane 4 below has. */
                Float4 x[HALO + LANE_ROWS];
#pragma unroll
                for (int i = 0; i < LANE_ROWS; ++i) {
                    x[HALO + i] = quad_of(sums, i, pair);
                }
#pragma unroll
                for (int i = 0; i < HALO; ++i) {
#pragma unroll
                    for (int k = 0; k < 4; ++k) {
                        x[i].v[k] = __shfl_up_sync(0xFFFFFFFFU, x[LANE_ROWS + i].v[k], 4);
                    }
                }
                FragmentA high[ROWS];
                FragmentA low[ROWS] = {};
#pragma unroll
                for (int i = 0; i < LANE_ROWS; ++i) {
                    const unsigned have = edges >> (2 * i) & 3U;
                    Float4 u = bias;
#pragma unroll
                    for (int back = HALO; back >= 0; --back) {
                        if (have >= static_cast<unsigned>(back)) {
#pragma unroll
                            for (int k = 0; k < 4; ++k) {
                                u.v[k] = fmaf(filter[HALO - back].v[k], x[HALO + i - back].v[k], u.v[k]);
                            }
                        }
                    }
#pragma unroll
                    for (int k = 0; k < 4; ++k) {
                        u.v[k] = silu(u.v[k]);
                    }
                    if constexpr (!PAIRS) {
                        store(p.u, i, u);
                    }
                    if constexpr (A != Arithmetic::BF16_PAIRS) {
                        /* Into the range of half precision. */
#pragma unroll
                        for (int k = 0; k < 4; ++k) {
                            u.v[k] *= range.v[k];
                        }
                    }
                    const PairWords<A> first_two(u.v[0], u.v[1]);
                    const PairWords<A> last_two(u.v[2], u.v[3]);
                    high[i / 2].word[i % 2] = first_two.high;
                    high[i / 2].word[2 + i % 2] = last_two.high;
                    if constexpr (PAIRS) {
                        words[i].v[2 * pair] = first_two.high;
                        words[i].v[2 * pair + 1] = last_two.high;
                    }
                    if constexpr (splits(A)) {
                        low[i / 2].word[i % 2] = first_two.low;
                        low[i / 2].word[2 + i % 2] = last_two.low;
                    }
                }
                StepWeights<A, TILES> w;
                w.load(x_weights, (group * 2 + pair) * step_words(A, TILES), lane);
                if (group == warp) {
                    /* A warp's first two steps: x_sums are these products, summed from zero. */
                    multiply_fragments<A>(x_sums, high, low, w);
                } else {
#pragma unroll
                    for (int r = 0; r < ROWS; ++r) {
                        multiply_fragment_rounded<A>(x_sums.fragment[r], high[r], low[r], w);
                    }
                }
            }
            if constexpr (PAIRS) {
                if (gates) {
                    store_words(p.gate_pairs);
                } else {
                    store_words(p.u_pairs);
                }
            }
        }

        tile = tile.next(clip_tokens);
        Mine next;
        if (left > 1) {
            load(next);
        }
        /* All are done with the tile's words, and with the sums of the tile before. */
        __syncthreads();
        /* Two warps of a scheduler add up: each gives half of its rows to the other. */
        const auto each_sum = [&](auto half, const auto &run) {
            constexpr int FIRST_ROW = decltype(half)::value * LANE_ROWS / 2;
#pragma unroll
            for (int i = FIRST_ROW; i < FIRST_ROW + LANE_ROWS / 2; ++i) {
#pragma unroll
                for (int c = 0; c < TILES; ++c) {
                    const float *v = &x_sums.fragment[i / 2][c].v[i % 2 * 2];
                    run(((warp % SUM_PARTS * BLOCK_ROWS) + i * 8 + lane / 4) * SUM_WORDS + c * 8 + lane % 4 * 2, v[0],
                        v[1]);
                }
            }
        };
        constexpr std::integral_constant<int, 0> LOWER;
        constexpr std::integral_constant<int, 1> UPPER;
        const auto give = [&](int at, float a, float b) { parts.template store<2>(at, {{a, b}}); };
        const auto add = [&](int at, float a, float b) {
            const Float2 other = parts.template load<2>(at);
            parts.template store<2>(at, {{a + other.v[0], b + other.v[1]}});
        };
        if (warp < SUM_PARTS) {
            each_sum(UPPER, give);
        } else {
            each_sum(LOWER, give);
        }
        const int next_table = BLOCK_ROWS - table;
        if (left > 1) {
            norm(next, next_table);
        }
        __syncthreads();
        if (warp < SUM_PARTS) {
            each_sum(LOWER, add);
        } else {
            each_sum(UPPER, add);
        }
        __syncthreads();
        /* Four threads a row. */
        constexpr int ROW_THREADS = THREADS / BLOCK_ROWS;
        const int row = thread / ROW_THREADS;
        const int to = tokens[table + place_of(row)];
#pragma unroll
        for (int i = 0; i < (SUM_WORDS / 4 + ROW_THREADS - 1) / ROW_THREADS; ++i) {
            const int column = (i * ROW_THREADS + thread % ROW_THREADS) * 4;
            if (column >= p.columns || to < 0) {
                break;
            }
            Float4 y = parts.load4(row * SUM_WORDS + column);
#pragma unroll
            for (int part = 1; part < SUM_PARTS; ++part) {
                const Float4 other = parts.load4((part * BLOCK_ROWS + row) * SUM_WORDS + column);
#pragma unroll
                for (int k = 0; k < 4; ++k) {
                    y.v[k] += other.v[k];
                }
            }
            const int constant = direction * p.columns + column;
            const Float4 scale = p.scale.load4(constant);
#pragma unroll
            for (int k = 0; k < 4; ++k) {
                y.v[k] *= scale.v[k];
            }
            p.out.store4(multiply_wide(to, 2 * p.columns, constant), y);
        }
        table = next_table;
    }
}

template <Arithmetic A, bool PAIRS>
cudaError_t enqueue_as(const MambaFront &p, int multiprocessors, cudaStream_t stream) {
    const std::int64_t tiles = divide_up(p.norm.tokens, TILE_TOKENS) * p.norm.batch;
    if (p.norm.tokens * p.norm.batch > INT32_MAX) {
        return cudaErrorInvalidValue;
    }
    const Layout layout(A, p.norm.channels, p.inner);
    const std::size_t bytes = static_cast<std::size_t>(layout.all) * sizeof(float);
    const std::int64_t blocks = std::max<std::int64_t>(1, std::min<std::int64_t>(tiles, multiprocessors / 2));
    const cudaError_t allowed = allow_shared(mamba_front_kernel<A, PAIRS>, bytes);
    return allowed != cudaSuccess
               ? allowed
               : launch("mamba_front", mamba_front_kernel<A, PAIRS>, dim3(static_cast<unsigned>(2 * blocks)),
                        dim3(THREADS), bytes, stream, p, in_fours(p.norm.channels, {p.norm.x.data()}));
}

} // namespace

bool has_mamba_front(std::int32_t channels, std::int32_t inner, std::int32_t taps, std::int32_t columns,
                     Arithmetic arithmetic) {
    /* Before the layout is asked: it counts in 32 bits. */
    constexpr std::int32_t MOST_INNER = 4096;
    return has_in_projection(channels, inner, arithmetic) && channels <= FRONT_CHANNELS && inner <= MOST_INNER &&
           taps <= TAPS && columns <= TILES * 8 &&
           static_cast<std::size_t>(Layout(arithmetic, channels, inner).all) * sizeof(float) <= device().shared_bytes;
}

void pack_mamba_front(const std::vector<float> &in_projection, std::int32_t channels, const float *convolution,
                      std::int32_t taps, const float *bias, const std::vector<float> &x_projection,
                      std::int32_t columns, const std::vector<float> &most, Arithmetic arithmetic, bool pairs,
                      MambaFrontWeights &weights) {
    const auto inner = static_cast<std::int32_t>(most.size());
    constexpr std::int32_t GROUP = 32;
    const auto padded = static_cast<std::int32_t>(divide_up(inner, GROUP)) * GROUP;
    const auto at = [](std::int64_t index) { return static_cast<std::size_t>(index); };
    /* Column `column` of in_proj in its packing's order is this channel; beyond E there is none. */
    const auto channel_of = [&](std::int32_t column) {
        const std::int32_t in_group = column % GROUP;
        return column - in_group + quad_channel(pairs, in_group / 16, in_group % 16 / 4) + in_group % 4;
    };
    /* x and then z; the scales come in the order of columns. */
    std::vector<float> scales[2];
    for (std::int32_t half = 0; half < 2; ++half) {
        std::vector<float> matrix(at(std::int64_t{padded} * channels));
        for (std::int32_t column = 0; column < padded; ++column) {
            if (channel_of(column) < inner) {
                const auto from = in_projection.begin() + (std::int64_t{half} * inner + channel_of(column)) * channels;
                std::copy(from, from + channels, matrix.begin() + std::int64_t{column} * channels);
            }
        }
        const std::vector<std::uint32_t> packed =
            pack_in_projection(matrix, padded, channels, arithmetic, scales[half]);
        weights.in_projection.insert(weights.in_projection.end(), packed.begin(), packed.end());
    }

    /* Number k of a step of x_proj is this column of in_proj. */
    constexpr std::int32_t STEP = 16;
    const auto column_of = [](std::int32_t k) { return k / STEP * STEP + interleaved_column(k % STEP / 8, k % 8); };
    std::vector<float> matrix(at(std::int64_t{columns} * padded));
    std::vector<float> bounds(at(padded));
    for (std::int32_t k = 0; k < padded; ++k) {
        const std::int32_t channel = channel_of(column_of(k));
        if (channel < inner) {
            bounds[at(k)] = most[at(channel)];
            for (std::int64_t column = 0; column < columns; ++column) {
                matrix[at(column * padded + k)] = x_projection[at(column * inner + channel)];
            }
        }
    }
    std::vector<float> ranges;
    pack_x_projection(matrix, columns, padded, bounds, arithmetic, weights.x_projection, ranges, weights.scale);

    std::vector<float> x_scale(at(inner));
    std::vector<float> gate_scale(at(inner));
    std::vector<float> range(at(inner));
    for (std::int32_t k = 0; k < padded; ++k) {
        const std::int32_t column = column_of(k);
        if (channel_of(column) < inner) {
            x_scale[at(channel_of(column))] = scales[0][at(column)];
            gate_scale[at(channel_of(column))] = scales[1][at(column)];
            range[at(channel_of(column))] = ranges[at(k)];
        }
    }
    for (std::int32_t k = taps - TAPS; k < taps; ++k) {
        for (std::int32_t i = 0; i < inner; ++i) {
            weights.convolution.push_back(k < 0 ? 0.0F : convolution[i * taps + k] * x_scale[at(i)]);
        }
    }
    weights.bias.insert(weights.bias.end(), bias, bias + inner);
    weights.gate_scale.insert(weights.gate_scale.end(), gate_scale.begin(), gate_scale.end());
    weights.range.insert(weights.range.end(), range.begin(), range.end());
}

cudaError_t enqueue(const MambaFront &p, Arithmetic arithmetic, int multiprocessors, cudaStream_t stream) {
    if (!p.u_pairs.empty()) {
        return front_makes_pairs(p.inner, arithmetic)
                   ? enqueue_as<Arithmetic::BF16_PAIRS, true>(p, multiprocessors, stream)
                   : cudaErrorInvalidValue;
    }
    return with_pairs(arithmetic,
                      [&](auto a) { return enqueue_as<decltype(a)::value, false>(p, multiprocessors, stream); });
}

} // namespace earshot
