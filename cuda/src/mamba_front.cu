/*
 * Norm, in_proj, causal convolution with SiLU and x_proj in one kernel: x, half of what in_proj makes, is never
 * written.
 *
 * Idea. A block stays with one direction, whose weights it keeps in shared memory; two teams of 8 warps share them,
 * each with tiles and barriers of its own, so that one multiplies while the other norms or adds up. A tile has 32 rows:
 * tokens in the order of the sequences. A team keeps x of a tile's last 3 tokens, so that the convolution goes on in its
 * next tile; with HALF_SPLIT a block has no room for them (368 bytes, of 6 KB), and a tile is whole sequences if they
 * are short, or else begins with 3 tokens of the tile before. A warp multiplies all rows by 32 columns at a time. The
 * rows are numbered so that a lane's sums are 4 tokens one behind the other (of four channels each): the convolution
 * runs over registers, with 3 tokens from the lane 4 below. Its results lie as a fragment of A wants them, so that
 * x_proj goes on from registers as well; its weights are packed for the order of channels that this makes. What the
 * warps have of x_proj's sums, each for its channels, is added up in shared memory. SiLU(z) is made here, where special
 * functions are left over, and not in the scan, which waits for them.
 *
 * All of a tile's stores leave in bursts, and what a warp reads from memory behind them (as it does spilled registers)
 * waits until they have gone, some 1,000 cycles: so the next tile's tokens are on their way from a tile's beginning on,
 * filters stay in shared memory, other constants in registers, and what is wanted again behind the stores is found anew
 * there (found_here): nothing of a tile is spilled, but for one word of an item with HALF.
 *
 * Bytes (paper size, one clip): 4 MB read twice, h 4, u and SiLU(z) 32 each, [dt, B, C] 4.5 MB written, 172 KB of
 * weights a block (22 MB from L2, before begin_kernel()): 77 MB, 18 us of an H200's memory, but 29 us of the way to L2,
 * which takes some 2.6 TB/s; 40 MB with pairs of bfloat16, 15 us. Flops: 2.6 G, with HALF_SPLIT 10 % more for tokens
 * done again, and three times that at 630 TFLOP/s: 14 us; a third of it with HALF. Two special functions a number of u
 * and z: 8 us. A warp issues 1,920 instructions for a tile's x and z with HALF_SPLIT (9.0a), and some 400 more: 21 us,
 * if a scheduler never waits; shared memory is busy for 28 us. Tiles with HALF_SPLIT: 535 a direction for the time path,
 * 500 for the frequency path, for 132 teams: most have 4, 7 teams of the time path 5, so that the difference of the two
 * paths is about what a tile takes alone. Where tokens are kept, a team has 117 or 118 tokens of either path, and so 4
 * tiles (29 of its own in the first); a batch 485 tiles a clip.
 *
 * Measured in the network (H200; time and frequency path):
 *                                                      HALF_SPLIT   HALF       BF16_PAIRS and pairs
 *   4292891, lanes write halves of lines of 128 bytes  76, 72 us    70, 66 us  42, 38 us
 *   db334c1, whole lines, by a branch a lane           80, 70       67, 59     42, 38
 *   as it is now, predicted, not measured              55, 50       41, 41     38, 38
 * With one team of 8 warps and tiles of 64 rows it was 79 us. For whole lines, neighbouring lanes change fours. The
 * code of db334c1 for 9.0a chose by branches what a lane gives, so that the halves of a warp came to the 32 shuffles of
 * a tile separately and met at each (WARPSYNC.COLLECTIVE), waiting there for the registers of the stores in front as
 * well: a tile took 9 to 10 us alone, where it had taken 4 (the table's differences). So 4 tiles may have lost 20 us
 * that whole lines had gained. It may also be the tenth that batches of float32 and TF32 lost between the two, as those
 * of bfloat16, whose front has no such exchange, lost nothing; a time path in a batch of 64 had been seen to lose 4 %
 * (127 us a clip for 122), so more may be in it. The prediction takes these 5 us a tile away, four times or five, but
 * for HALF no further than to 3 us above what half of the bytes take, which was 45 and 41; and the fifth tile of the
 * time path where tokens are kept. Three spilled registers a tile went besides, which is not counted.
 */
#include "mamba_front.h"

#include <algorithm>

#include "mamba_front_tile.h"
#include "runtime.h"
#include "token_rows.h"
#include "vectors.h"

namespace earshot {

namespace mamba_front_details {

namespace {

/* A tile: tokens of one clip, from place `start` on in the order of the direction. */
struct FrontTile {
    int clip;
    int start;
};

/*
 * A token of a tile in one number: its index among those of all clips, times four, and how many of its sequence are
 * before it, 3 if more; -1 if there is none.
 */
__device__ __forceinline__ int token_of(const MambaFront &p, const FrontTile &tile, int direction, int place) {
    const int at = tile.start + place;
    const auto tokens = static_cast<int>(p.norm.tokens);
    if (at < 0 || at >= tokens) {
        return -1;
    }
    const int length = p.sequences.length;
    const int t = at % length;
    const int in_clip =
        at / length * p.sequences.sequence_step + (direction == 0 ? t : length - 1 - t) * p.sequences.step;
    return (tile.clip * tokens + in_clip) * 4 + min(t, HALO);
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
 * sums += rows x weights for a chunk. Of a split factor no more steps than STEPS_TOGETHER are summed from zero: the first
 * chunk's are the sums themselves, the others' are added outside.
 */
template <Arithmetic A, bool FIRST>
__device__ __forceinline__ void multiply_chunk(TileSums<ROWS, 4> &sums, const Shared<std::uint32_t> &rows,
                                               const int (&place)[ROWS], int eight_rows,
                                               const Shared<std::uint32_t> &weights, int weights_at, int lane) {
    static_assert(!splits(A) || chunk_steps(A) <= STEPS_TOGETHER, "a chunk's products are summed from zero");
#pragma unroll
    for (int step = 0; step < chunk_steps(A); ++step) {
        StepWeights<A, 4> w;
        w.load(weights, weights_at + step * step_words(A, 4), lane);
        if constexpr (FIRST) {
            multiply_step<A>(sums, rows, place, eight_rows, step, w);
        } else {
            multiply_step_rounded<A>(sums, rows, place, eight_rows, step, w);
        }
    }
}

/* `aligned`: whether x lies at 16 bytes. PAIRS: u and SiLU(z) leave as pairs of bfloat16. */
template <Arithmetic A, int CHUNKS, bool PAIRS>
__global__ void __launch_bounds__(TEAMS *THREADS, 1) mamba_front_kernel(MambaFront p, bool aligned) {
    const TokenNorm &n = p.norm;
    const int inner = p.inner;
    constexpr int STRIDE = row_words(CHUNKS);
    const int stride_of_sums = sum_words(p.columns);
    const Layout layout(A, n.channels, inner, p.columns);
    /* By a shuffle, so that the compiler knows that it is the same for a warp. */
    const int block_warp = __shfl_sync(0xFFFFFFFFU, static_cast<int>(threadIdx.x) / 32, 0);
    const int team = block_warp / WARPS;
    const int warp = block_warp % WARPS;
    const int lane = lane_number();
    const int thread = warp * 32 + lane; /* of the team */
    const int team_at = layout.teams + team * layout.team_words;
    const Shared<std::uint32_t> weights(0, 2 * layout.in_words);
    const Shared<std::uint32_t> x_weights(2 * layout.in_words * 4, layout.x_words);
    const Shared<std::uint32_t> rows(team_at * 4, TILE_ROWS * STRIDE);
    const Shared<float> parts((team_at + layout.sums) * 4, SUM_PARTS * TILE_ROWS * stride_of_sums);
    /* Two tiles' tokens in the order of their places; -1 also where nothing is to be written. */
    const Shared<std::int32_t> tokens((team_at + layout.tokens) * 4, 2 * TILE_ROWS);
    const Shared<float> filters(layout.filters * 4, TAPS * inner);
    const Shared<float> scales(layout.scales * 4, stride_of_sums);
    const Shared<float> parameters((team_at + layout.parameters) * 4, 2 * n.channels);
    [[maybe_unused]] const Shared<float> kept((team_at + layout.kept) * 4, kept_words(A, inner));
    const auto sync_team = [&] { sync_part(1 + team, THREADS); };

    const int direction = static_cast<int>(blockIdx.x) % 2;
    copy_weights<TEAMS * THREADS>(weights, 0, p.in_projection, std::int64_t{direction} * 2 * layout.in_words,
                                  2 * layout.in_words, static_cast<int>(threadIdx.x));
    copy_weights<TEAMS * THREADS>(x_weights, 0, p.x_projection, std::int64_t{direction} * layout.x_words,
                                  layout.x_words, static_cast<int>(threadIdx.x));
    const Shared<std::uint32_t> filter_words(layout.filters * 4, TAPS * inner);
    copy_weights<TEAMS * THREADS>(filter_words, 0, as_words(p.convolution), std::int64_t{direction} * TAPS * inner,
                                  TAPS * inner, static_cast<int>(threadIdx.x));
    commit_copies();
    if (static_cast<int>(threadIdx.x) < p.columns) {
        scales[static_cast<int>(threadIdx.x)] = p.scale[direction * p.columns + static_cast<int>(threadIdx.x)];
    }
    /* Constants of one channel a lane, shuffled to where they are wanted: in the papers' size a warp has them of one
       group for ever, and waits for no memory. Range and gate's scale are powers of two, and fit into a word. */
    float my_bias = 0.0F;
    std::uint32_t my_scales = 0;
    const auto load_constants = [&](int group) {
        const int channel = group * 32 + lane;
        const int at = direction * inner + channel;
        const bool exists = channel < inner;
        my_bias = load_one_or_zero(p.bias, at, exists);
        my_scales = pack_bf16(load_one_or_zero(p.range, at, exists), load_one_or_zero(p.gate_scale, at, exists));
    };
    load_constants(warp);
    begin_kernel();

    /*
     * The team's share of the direction's tokens. Where a tile is done with tokens of the one before, as many tiles as
     * the others have; where these are kept, as many tokens: only a share's first tile then begins with others'.
     */
    constexpr bool KEEPS = keeps_tokens(A);
    const auto clip_tokens = static_cast<int>(n.tokens);
    const int new_tokens = KEEPS ? TILE_ROWS : tile_tokens(p.sequences.length);
    const int unit = KEEPS ? 1 : new_tokens;
    const int clip_units = (clip_tokens + unit - 1) / unit;
    const auto share_begin = [&](int share) {
        return static_cast<int>(n.batch * clip_units * share / (static_cast<int>(gridDim.x) / 2 * TEAMS));
    };
    const int share = static_cast<int>(blockIdx.x) / 2 * TEAMS + team;
    const int begin = share_begin(share);
    const int end = share_begin(share + 1);
    FrontTile tile = {begin / clip_units, begin % clip_units * unit};
    const int halo = KEEPS ? min(tile.start, HALO) : tile_halo(p.sequences.length);
    /* Tokens from this tile on; those of a tile lie behind `before` others. */
    int left = (end / clip_units - tile.clip) * clip_tokens + end % clip_units * unit - tile.start;
    const int before = KEEPS ? 0 : halo;
    if (KEEPS && left > 0) {
        tile.start -= halo;
        left += halo;
    }
    const auto tile_count = [&] { return min(min(new_tokens, clip_tokens - tile.start), left); };

    /* This thread norms a share of one token, and makes some of its sums of x_proj in the end. */
    static_assert(TILE_ROWS * TOKEN_LANES == THREADS, "a token for each TOKEN_LANES threads");
    using Share = TokenShare<lane_quads(FRONT_CHANNELS)>;
    const auto row_of = [&](int of_lane) { return warp * (TILE_ROWS / WARPS) + of_lane / TOKEN_LANES; };
    /* Seen by all behind the next barrier. */
    const auto prepare_clip = [&](auto together) {
        if (n.kind != EARSHOT_NORM_NONE) {
            norm_parameters<THREADS, decltype(together)::value>(n, tile.clip, parameters, thread);
        }
    };
    /* Writes down a token of the tile, if it is the team's: those from place `from` on. */
    const auto note = [&](int of_lane, int token, int in_table, int from) {
        const int token_place = place_of(row_of(of_lane));
        const int noted = token_place >= from && token_place < before + tile_count() ? token : -1;
        if (of_lane % TOKEN_LANES == 0) {
            tokens[in_table + token_place] = noted;
        }
        return noted;
    };
    const auto norm = [&](Share &tokens_share, int of_lane, int token) {
        tokens_share.template norm<A>(n, parameters, multiply_wide(token >> 2, n.channels, 0),
                                      token >= 0 && direction == 0, rows, row_of(of_lane), of_lane);
    };

    int table = 0;
    if (left > 0) {
        Share share_of_token;
        const int token = token_of(p, tile, direction, place_of(row_of(lane)) - before);
        share_of_token.load(n, multiply_wide(max(token, 0) >> 2, n.channels, 0), token >= 0, aligned, lane);
        prepare_clip(std::integral_constant<int, 8>());
        const int noted = note(lane, token, table, halo);
        sync_team();
        norm(share_of_token, lane, noted);
    }
    wait_for_groups<0>();
    __syncthreads();

    int place[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; ++r) {
        place[r] = lane_place<A>(r * 16 * STRIDE, STRIDE, lane);
    }
    constexpr int GROUP_WORDS = CHUNKS * chunk_steps(A) * step_words(A, 4);
    const int groups = (inner + 31) / 32;
    const int row_step = 2 * inner;
    /* The next tile's tokens come as they are to where their thread's warp alone reads sums in the end. */
    const Shared<std::uint32_t> coming((team_at + layout.sums) * 4, SUM_PARTS * TILE_ROWS * stride_of_sums);
    const auto coming_at = [&](int quad, int of_lane) {
        return (quad * TILE_ROWS + warp * (TILE_ROWS / WARPS)) * stride_of_sums + of_lane * 4;
    };
    static_assert(32 * 4 <= TILE_ROWS / WARPS * FEW_COLUMNS && lane_quads(FRONT_CHANNELS) <= SUM_PARTS, "room");
    while (left > 0) {
        TileSums<ROWS, TILES> x_sums;
        const int my_tokens = table + lane / 4 * LANE_ROWS;
        static_assert(LANE_ROWS == 4, "a lane's tokens are read at once");
        const int next_table = TILE_ROWS - table;
        const int done = tile_count();
        left -= done;
        tile.start += done;
        if (tile.start == clip_tokens) {
            /* What is kept is in front of a clip's first token, too, which takes nothing of it. */
            tile = {tile.clip + 1, 0};
            if (left > 0) {
                /* The parameters that are there were read two barriers ago. */
                prepare_clip(std::integral_constant<int, 1>());
            }
        }
        if (left > 0) {
            const int lane_here = found_here(lane);
            const int token = token_of(p, tile, direction, place_of(row_of(lane_here)) - before);
            __syncwarp();
            note(lane_here, token, next_table, before);
            if (aligned) {
#pragma unroll
                for (int quad = 0; quad < lane_quads(FRONT_CHANNELS); ++quad) {
                    const int channel = Share::channel(quad, lane_here);
                    copy_or_zero<4>(coming, coming_at(quad, lane_here), as_words(n.x),
                                    token >= 0 && channel < n.channels ? multiply_wide(token >> 2, n.channels, channel)
                                                                       : std::int64_t{0},
                                    token >= 0 && channel < n.channels);
                }
            }
            commit_copies();
        }
        /* For each group of 32 channels: in_proj for x, with all that follows, and for z. */
        for (int item = warp * 2; item < 2 * groups; item += item % 2 == 0 ? 1 : 2 * WARPS - 1) {
            const int group = item / 2;
            /* Half of the warps begin with z. */
            const bool gates = (item % 2 == 0) == (warp >= WARPS / 2);
            if (groups > WARPS) {
                load_constants(group);
            }
            const auto of_quad = [&](int pair, const auto &constant) {
                Float4 four;
#pragma unroll
                for (int k = 0; k < 4; ++k) {
                    four.v[k] = constant(quad_channel(PAIRS, pair, lane) + k);
                }
                return four;
            };
            const auto bias_of = [&](int at) { return __shfl_sync(0xFFFFFFFFU, my_bias, at); };
            const auto range_of = [&](int at) { return unpack_bf16(__shfl_sync(0xFFFFFFFFU, my_scales, at)).v[0]; };
            const auto gate_of = [&](int at) { return unpack_bf16(__shfl_sync(0xFFFFFFFFU, my_scales, at)).v[1]; };
            TileSums<ROWS, 4> sums;
            const int weights_at = (gates ? layout.in_words : 0) + group * GROUP_WORDS;
            multiply_chunk<A, true>(sums, rows, place, 8 * STRIDE, weights, weights_at, lane);
#pragma unroll
            for (int chunk = 1; chunk < CHUNKS; ++chunk) {
                const int here[ROWS] = {place[0] + chunk * CHUNK_WORDS, place[1] + chunk * CHUNK_WORDS};
                multiply_chunk<A, false>(sums, rows, here, 8 * STRIDE, weights,
                                         weights_at + chunk * chunk_steps(A) * step_words(A, 4), lane);
            }
            /* Of PAIRS, words of eight channels of each token. */
            [[maybe_unused]] Vector<std::uint32_t, 4> words[LANE_ROWS];
            const auto store_words = [&](const Span<std::uint32_t> &where) {
                const int channel = group * 32 + quad_channel(true, 0, lane);
                const auto to = tokens.load4(my_tokens);
#pragma unroll
                for (int i = 0; i < LANE_ROWS; ++i) {
                    store_if(where, to.v[i] >> 2, inner, (direction * inner + channel) / 2, words[i],
                             channel < inner && to.v[i] >= 0);
                }
            };
            /*
             * Otherwise the fours of each token and pair. To write whole lines of 128 bytes, a lane and the one 4 beside
             * it, which have other tokens, change two fours, so that 8 lanes have the 32 channels of one token: in
             * fours[0] of the even lane's token, in fours[1] of the odd one's.
             */
            [[maybe_unused]] Float4 fours[2][LANE_ROWS];
            const auto store_lines = [&](const Span<float> &where) {
                /* Found anew where that spares a spill; with two chunks it causes one (nvcc 13.0, 9.0a). */
                const int lane_here = CHUNKS > 1 ? lane : found_here(lane);
                const std::uint32_t odd = 0U - static_cast<std::uint32_t>(lane_here / 4 % 2);
                const int channel = group * 32 + quad_channel(false, lane_here / 4 % 2, lane_here);
#pragma unroll
                for (int i = 0; i < LANE_ROWS; ++i) {
#pragma unroll
                    for (int k = 0; k < 4; ++k) {
                        const std::uint32_t lower = bits_of(fours[0][i].v[k]);
                        const std::uint32_t upper = bits_of(fours[1][i].v[k]);
                        const std::uint32_t got = __shfl_xor_sync(0xFFFFFFFFU, choose(odd, lower, upper), 4);
                        fours[0][i].v[k] = float_of(choose(odd, got, lower));
                        fours[1][i].v[k] = float_of(choose(odd, upper, got));
                    }
                }
                /* All at once, behind all shuffles: what a warp does between two stores waits for the first to leave. */
                const auto even_tokens = tokens.load4(table + lane_here / 8 * 2 * LANE_ROWS);
                const auto odd_tokens = tokens.load4(table + (lane_here / 8 * 2 + 1) * LANE_ROWS);
                const auto store = [&](int to, const Float4 &four) {
                    store_if(mutable_words(where), to >> 2, row_step, direction * inner + channel,
                             {{bits_of(four.v[0]), bits_of(four.v[1]), bits_of(four.v[2]), bits_of(four.v[3])}},
                             channel < inner && to >= 0);
                };
#pragma unroll
                for (int i = 0; i < LANE_ROWS; ++i) {
                    store(even_tokens.v[i], fours[0][i]);
                    store(odd_tokens.v[i], fours[1][i]);
                }
            };
#pragma unroll
            for (int pair = 0; pair < 2; ++pair) {
                const int channel = group * 32 + quad_channel(PAIRS, pair, lane);
                if (gates) {
                    const Float4 scale = of_quad(pair, gate_of);
                    Float4 z[LANE_ROWS];
#pragma unroll
                    for (int i = 0; i < LANE_ROWS; ++i) {
                        z[i] = quad_of(sums, i, pair);
#pragma unroll
                        for (int k = 0; k < 4; ++k) {
                            z[i].v[k] = silu(z[i].v[k] * scale.v[k]);
                        }
                        if constexpr (PAIRS) {
                            words[i].v[2 * pair] = pack_bf16(z[i].v[0], z[i].v[1]);
                            words[i].v[2 * pair + 1] = pack_bf16(z[i].v[2], z[i].v[3]);
                        } else {
                            fours[pair][i] = z[i];
                        }
                    }
                    continue;
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
                if constexpr (KEEPS) {
                    /* The first lanes' are those of the last ones in the tile before. */
                    const int kept_at = (group * 2 + pair) * HALO * 16 + lane % 4 * 4;
                    if (lane < 4) {
#pragma unroll
                        for (int i = 0; i < HALO; ++i) {
                            x[i] = kept.load4(kept_at + i * 16);
                        }
                    }
                    __syncwarp();
                    if (lane >= 28) {
#pragma unroll
                        for (int i = 0; i < HALO; ++i) {
                            kept.store4(kept_at + i * 16, x[LANE_ROWS + i]);
                        }
                    }
                }
                const auto have = tokens.load4(my_tokens);
                Float4 u[LANE_ROWS];
#pragma unroll
                for (int back = HALO; back >= 0; --back) {
                    const Float4 filter = channel < inner ? filters.load4((HALO - back) * inner + channel) : Float4{};
                    const Float4 bias = back == HALO ? of_quad(pair, bias_of) : Float4{};
#pragma unroll
                    for (int i = 0; i < LANE_ROWS; ++i) {
                        if (back == HALO) {
                            u[i] = bias;
                        }
                        if ((have.v[i] & 3) >= back) {
#pragma unroll
                            for (int k = 0; k < 4; ++k) {
                                u[i].v[k] = fmaf(filter.v[k], x[HALO + i - back].v[k], u[i].v[k]);
                            }
                        }
                    }
                }
#pragma unroll
                for (int i = 0; i < LANE_ROWS; ++i) {
#pragma unroll
                    for (int k = 0; k < 4; ++k) {
                        u[i].v[k] = silu(u[i].v[k]);
                    }
                }
                if constexpr (!PAIRS) {
#pragma unroll
                    for (int i = 0; i < LANE_ROWS; ++i) {
                        fours[pair][i] = u[i];
                    }
                }
                /* bfloat16 needs no range. */
                const Float4 range = A == Arithmetic::BF16_PAIRS ? Float4{} : of_quad(pair, range_of);
                FragmentA high[ROWS];
                FragmentA low[ROWS] = {};
#pragma unroll
                for (int i = 0; i < LANE_ROWS; ++i) {
                    if constexpr (A != Arithmetic::BF16_PAIRS) {
#pragma unroll
                        for (int k = 0; k < 4; ++k) {
                            u[i].v[k] *= range.v[k];
                        }
                    }
                    const PairWords<A> first_two(u[i].v[0], u[i].v[1]);
                    const PairWords<A> last_two(u[i].v[2], u[i].v[3]);
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
            } else {
                store_lines(gates ? p.gate : p.u);
            }
        }

        wait_for_groups<0>();
        /* All are done with the tile's words. */
        sync_team();
        /* What the compiler kept from tile to tile for what follows it would keep in memory, behind the tile's stores. */
        const int lane_here = found_here(lane);
        const int row = row_of(lane_here);
        if (left > 0) {
            Share next;
            if (aligned) {
#pragma unroll
                for (int quad = 0; quad < lane_quads(FRONT_CHANNELS); ++quad) {
                    const Vector<std::uint32_t, 4> words = coming.load4(coming_at(quad, lane_here));
#pragma unroll
                    for (int i = 0; i < 4; ++i) {
                        next.x[quad].v[i] = float_of(words.v[i]);
                    }
                }
            } else {
                const int token = token_of(p, tile, direction, place_of(row) - before);
                next.load(n, multiply_wide(max(token, 0) >> 2, n.channels, 0), token >= 0, false, lane_here);
            }
            norm(next, lane_here, tokens[next_table + place_of(row)]);
        }
        /* And with the tokens that stood in the sums' place. */
        sync_team();
        /* Two warps of a scheduler add up: each gives half of its rows to the other. */
        const auto each_sum = [&](auto half, const auto &run) {
            constexpr int FIRST_ROW = decltype(half)::value * LANE_ROWS / 2;
#pragma unroll
            for (int i = FIRST_ROW; i < FIRST_ROW + LANE_ROWS / 2; ++i) {
#pragma unroll
                for (int c = 0; c < TILES; ++c) {
                    const int column = c * 8 + lane % 4 * 2;
                    if (c == TILES - 1 && column >= stride_of_sums) {
                        continue;
                    }
                    const float *v = &x_sums.fragment[i / 2][c].v[i % 2 * 2];
                    run(((warp % SUM_PARTS * TILE_ROWS) + i * 8 + lane / 4) * stride_of_sums + column, v[0], v[1]);
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
        sync_team();
        if (warp < SUM_PARTS) {
            each_sum(LOWER, add);
        } else {
            each_sum(UPPER, add);
        }
        sync_team();
        /* Some threads a row; they have normed it, too. */
        const int to = tokens[table + place_of(row)];
#pragma unroll
        for (int i = 0; i < (TILES * 2 + TOKEN_LANES - 1) / TOKEN_LANES; ++i) {
            const int column = (i * TOKEN_LANES + lane_here % TOKEN_LANES) * 4;
            if (column >= p.columns || to < 0) {
                break;
            }
            Float4 y = parts.load4(row * stride_of_sums + column);
#pragma unroll
            for (int part = 1; part < SUM_PARTS; ++part) {
                const Float4 other = parts.load4((part * TILE_ROWS + row) * stride_of_sums + column);
#pragma unroll
                for (int k = 0; k < 4; ++k) {
                    y.v[k] += other.v[k];
                }
            }
            const int constant = direction * p.columns + column;
            const Float4 scale = scales.load4(column);
#pragma unroll
            for (int k = 0; k < 4; ++k) {
                y.v[k] *= scale.v[k];
            }
            p.out.store4(multiply_wide(to >> 2, 2 * p.columns, constant), y);
        }
        table = next_table;
    }
}

template <Arithmetic A, int CHUNKS, bool PAIRS>
cudaError_t enqueue_as(const MambaFront &p, int multiprocessors, cudaStream_t stream) {
    const int new_tokens = keeps_tokens(A) ? TILE_ROWS : tile_tokens(p.sequences.length);
    const std::int64_t tiles = divide_up(p.norm.tokens, new_tokens) * p.norm.batch;
    if (p.norm.tokens * p.norm.batch > INT32_MAX / 4) {
        return cudaErrorInvalidValue;
    }
    const Layout layout(A, p.norm.channels, p.inner, p.columns);
    const std::size_t bytes = static_cast<std::size_t>(layout.all()) * sizeof(float);
    const std::int64_t blocks =
        std::max<std::int64_t>(1, std::min<std::int64_t>(divide_up(tiles, TEAMS), multiprocessors / 2));
    const cudaError_t allowed = allow_shared(mamba_front_kernel<A, CHUNKS, PAIRS>, bytes);
    return allowed != cudaSuccess
               ? allowed
               : launch("mamba_front", mamba_front_kernel<A, CHUNKS, PAIRS>, dim3(static_cast<unsigned>(2 * blocks)),
                        dim3(TEAMS * THREADS), bytes, stream, p, in_fours(p.norm.channels, {p.norm.x.data()}));
}

} // namespace

} // namespace mamba_front_details

bool has_mamba_front(std::int32_t channels, std::int32_t inner, std::int32_t taps, std::int32_t columns,
                     Arithmetic arithmetic) {
    using namespace mamba_front_details;
    /* Before the layout is asked: it counts in 32 bits. */
    constexpr std::int32_t MOST_INNER = 4096;
    return has_in_projection(channels, inner, arithmetic) && channels <= FRONT_CHANNELS && inner <= MOST_INNER &&
           taps <= TAPS && columns <= TILES * 8 &&
           static_cast<std::size_t>(Layout(arithmetic, channels, inner, columns).all()) * sizeof(float) <=
               device().shared_bytes;
}

cudaError_t enqueue(const MambaFront &p, Arithmetic arithmetic, int multiprocessors, cudaStream_t stream) {
    using namespace mamba_front_details;
    if (!p.u_pairs.empty()) {
        return front_makes_pairs(p.inner, arithmetic)
                   ? enqueue_as<Arithmetic::BF16_PAIRS, 1, true>(p, multiprocessors, stream)
                   : cudaErrorInvalidValue;
    }
    return with_pairs(arithmetic, [&](auto a) {
        constexpr Arithmetic A = decltype(a)::value;
        static_assert(chunks_of(A, FRONT_CHANNELS) <= 2, "there are kernels for a chunk and two");
        if constexpr (chunks_of(A, FRONT_CHANNELS) > 1) {
            if (chunks_of(A, p.norm.channels) > 1) {
                return enqueue_as<A, 2, false>(p, multiprocessors, stream);
            }
        }
        return enqueue_as<A, 1, false>(p, multiprocessors, stream);
    });
}

} // namespace earshot
