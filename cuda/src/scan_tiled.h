/*
 * The selective scan for the papers' sizes: 13 to 16 states, ranks of up to 4, channels in quads. Both directions in
 * one launch; direction 1 walks through the tokens backwards.
 *
 * Idea. What is done once a channel and token (softplus, the product of step and input, the gate) and what is done once
 * a state (decay, state, its share of the output) want different threads. So a warp walks through its channels' tokens
 * in groups of 128 (tokens times channels), and each of its threads has two roles: first a quad of channels of one
 * token (u, z and y move as 16 bytes; a group is fetched while the one before is scanned), then 16 / LANES states of
 * CHANNELS channels for all tokens of the group. Steps and inputs, and the shares of the sums of C h, change hands in a
 * corner of shared memory that belongs to the warp: no block waits for that, and no shuffles are spent. The rows of dt,
 * B and C of 32 tokens lie in shared memory for the whole block, the next 32 are on their way (cp.async). Loads beyond
 * a sequence's end are taken from a token before it, and what becomes of them is not stored.
 *
 * Counts, for a token of 32 channels of one direction, N = 16, R = 4, from the code for sm_90. A scheduler does a
 * special function of a warp in 8 cycles: 16 exp2 for decays, and for each channel two more and a reciprocal (softplus,
 * SiLU), 152 cycles; 136 where SiLU(z) comes made (mamba_front.h). Instructions, at one a cycle, of which 80 are those
 * of 16 states (two products, exp2, two multiply-adds) and 27 those of a channel: 2 lanes and 2 channels 123, 4 and 2
 * 127, 4 and 1 135; and 2 to 8 for the rows of 32 tokens and for a sequence's start. (The shuffling kernel of
 * scan_fast.h came to 165, 175 and 210, and took 1.36 times so many cycles on an H200.) So the special functions bind,
 * if 12 to 16 warps a multiprocessor hide their latency.
 *
 * Bytes a token, direction and channel: 12 (u, z, y), and a row of 144 for each block's 32 to 128 channels, from L2 but
 * for the first time. Shared memory: B and C leave it with 128 / CHANNELS bytes a token and channel, steps and sums
 * with 16 LANES.
 *
 * Papers' sizes (31 x 500 or 500 x 31 tokens, 2 x 256 channels): 127 M exp2 for the decays and 24 M other special
 * functions, on an H200 (4,169 G/s) 36 us at batch 1 and 1,157 us at batch 32. Blocks do not divide by 132
 * multiprocessors: 39 us for the time path at batch 1 (496 blocks), 40 us for the frequency path (500, and 31 tokens
 * in groups of 4). Measured on an H200, before a token's reads were begun a token earlier: 66 and 59 us at batch
 * 1, 1.51 and 1.54 ms at batch 32, 55 to 77 % of the special functions' limit. What is lost: the states alone reach 89
 * % of it (a special function is issued only when its unit is free), and one channel a thread wants 220 cycles a token
 * of the shared memory, where a read that all lanes share costs as much as any other.
 *
 * Tried and dropped (commit 29cf84e has both): relief of the special functions' unit by one reciprocal for two gates
 * and a share of the decays by a polynomial (on an H200 3 to 5 % faster for 4 lanes and 2 channels only, otherwise not
 * or slower), and pairing warps of states with warps that prepare and finish (not measured). 1 lane and 2 channels, 2
 * and 4, 4 and 4 were at no size faster than the fastest of those above.
 */
#pragma once

#include "scan_grid.h"
#include "scan_variants.h"
#include "tensor_core.h"
#include "vectors.h"

namespace earshot {

namespace scan_tiled_details {

constexpr int STATES = 16;
constexpr int RANK = 4;
constexpr int ROW = RANK + 2 * STATES; /* floats of a row of dt, B and C */
constexpr int WARPS = SCAN_THREADS / 32;
constexpr int GROUP = 128; /* tokens times channels that a warp does at once: a quad of channels for each thread */
constexpr int AHEAD = 2;   /* groups whose u and z are on their way */

template <int LANES, int CHANNELS>
struct Tile {
    static constexpr int OWN = STATES / LANES;           /* states of a thread */
    static constexpr int PLACES = 32 / LANES;            /* threads of a warp with different channels */
    static constexpr int WIDE = PLACES * CHANNELS;       /* channels of a warp */
    static constexpr int QUADS = WIDE / 4;               /* of these */
    static constexpr int TOKENS = GROUP / WIDE;          /* of a group */
    static constexpr int PADDING = WIDE < 32 ? WIDE : 0; /* puts the lanes' sums into different banks */
    static constexpr int SUMS = GROUP + PADDING;         /* floats of a lane's sums */
    static constexpr int CORNER = 2 * GROUP + LANES * SUMS;
    static_assert(SCAN_CHUNK % TOKENS == 0 && OWN % 4 == 0, "whole groups in a chunk, whole quads of states");

    /*
     * Steps and inputs of a token lie in shared memory as pairs (step, input), those of channels 0 and 1 of every quad
     * first, then those of 2 and 3: both of a quad's writes are without gaps then. Which of a warp's channels the
     * thread at `place` has as its first, and where its pairs begin:
     */
    static __device__ __forceinline__ int channel(int place) {
        return CHANNELS == 2 ? place % QUADS * 4 + place / QUADS * 2 : place;
    }
    static __device__ __forceinline__ int pair(int channel) {
        return (channel / 2 % 2 * QUADS + channel / 4) * 4 + channel % 2 * 2;
    }
};

/* What a thread of states needs of a token. */
template <int LANES, int CHANNELS>
struct TokenOfStates {
    float step[CHANNELS];
    float input[CHANNELS];
    Float4 b[Tile<LANES, CHANNELS>::OWN / 4];
    Float4 c[Tile<LANES, CHANNELS>::OWN / 4];
};

/* The states of a thread's channels, through all tokens of a group. */
template <int LANES, int CHANNELS, bool ENDS>
__device__ __forceinline__ void walk(const Shared<float> &rows, int own_row, const Shared<float> &pairs, int own_pair,
                                     const Shared<float> &sums, int own_sum,
                                     const float (&a)[CHANNELS][Tile<LANES, CHANNELS>::OWN],
                                     float (&h)[CHANNELS][Tile<LANES, CHANNELS>::OWN]) {
    using Mine = Tile<LANES, CHANNELS>;
    TokenOfStates<LANES, CHANNELS> token_now = {};
    TokenOfStates<LANES, CHANNELS> token_next = {};
    const auto load = [&](int j, TokenOfStates<LANES, CHANNELS> &to) {
        if constexpr (CHANNELS == 1) {
            const Float2 one = pairs.load<2>(own_pair + j * Mine::WIDE * 2);
            to.step[0] = one.v[0];
            to.input[0] = one.v[1];
        } else {
            const Float4 two = pairs.load4(own_pair + j * Mine::WIDE * 2);
            to.step[0] = two.v[0];
            to.input[0] = two.v[1];
            to.step[1] = two.v[2];
            to.input[1] = two.v[3];
        }
#pragma unroll
        for (int s = 0; s < Mine::OWN / 4; ++s) {
            to.b[s] = rows.load4(own_row + j * ROW + s * 4);
            if constexpr (!ENDS) {
                to.c[s] = rows.load4(own_row + j * ROW + STATES + s * 4);
            }
        }
    };
    load(0, token_next);
#pragma unroll
    for (int j = 0; j < Mine::TOKENS; ++j) {
        token_now = token_next;
        if (j + 1 < Mine::TOKENS) {
            load(j + 1, token_next);
        }
        Vector<float, CHANNELS> y = {};
#pragma unroll
        for (int s = 0; s < Mine::OWN; ++s) {
#pragma unroll
            for (int c = 0; c < CHANNELS; ++c) {
                const float decay = fast_exp2(token_now.step[c] * a[c][s]);
                h[c][s] = fmaf(decay, h[c][s], token_now.input[c] * token_now.b[s / 4].v[s % 4]);
                if constexpr (!ENDS) {
                    y.v[c] = fmaf(token_now.c[s / 4].v[s % 4], h[c][s], y.v[c]);
                }
            }
        }
        if constexpr (!ENDS) {
            sums.store<CHANNELS>(own_sum + j * Mine::WIDE, y);
        }
    }
}

/* Copies rows of dt, B and C into shared memory: a thread has one quad of every `AT_ONCE`-th row. */
template <bool ENDS>
class Stager {
    static constexpr int QUADS = (ENDS ? ROW - STATES : ROW) / 4;
    static constexpr int AT_ONCE = SCAN_THREADS / QUADS;

  public:
    __device__ __forceinline__ Stager(const SelectiveScan &p, const Shared<float> &rows, int row_step)
        : p_(p), rows_(rows), row_(static_cast<int>(threadIdx.x) / QUADS),
          column_(static_cast<int>(threadIdx.x) % QUADS * 4), step_(row_step * ROW) {}

    /* Begins to copy SCAN_CHUNK rows of a stretch from its place `from` on to `to` in shared memory. Those beyond its
       end are its last one once more. */
    __device__ __forceinline__ void begin(int to, std::int64_t first_row, int length, int from) const {
        const std::int64_t first = first_row * ROW + column_;
#pragma unroll
        for (int t = 0; t < SCAN_CHUNK; t += AT_ONCE) {
            if (row_ < min(AT_ONCE, SCAN_CHUNK - t)) {
                const int place = min(from + t + row_, length - 1);
                copy_async(rows_, to + (t + row_) * ROW + column_, p_.x_projection, multiply_wide(place, step_, first));
            }
        }
    }

  private:
    const SelectiveScan &p_;
    Shared<float> rows_;
    int row_, column_, step_;
};

} // namespace scan_tiled_details

template <int LANES, int CHANNELS, bool ENDS, bool PAIRS>
__global__ void __launch_bounds__(SCAN_THREADS, 4) scan_tiled(const SelectiveScan p, const ScanGrid grid) {
    begin_kernel();
    using namespace scan_tiled_details;
    using Mine = Tile<LANES, CHANNELS>;

    const int in_warp = static_cast<int>(threadIdx.x) % 32;
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const int tile = static_cast<int>(blockIdx.x) % grid.tiles;
    const int direction = static_cast<int>(blockIdx.x) / grid.tiles % 2;
    int index = static_cast<int>(blockIdx.x) / grid.tiles / 2;
    const int inner = p.inner;
    const int row_step = static_cast<int>(direction == 0 ? p.sequences.step : -p.sequences.step) * 2;
    const int first = (tile * WARPS + warp) * Mine::WIDE; /* channel of the warp */

    /* The role of a state's thread. A channel that does not exist is computed like the last one, and not stored. */
    const int lane = in_warp / Mine::PLACES;
    const int channel = Mine::channel(in_warp % Mine::PLACES);
    float a[CHANNELS][Mine::OWN];
#pragma unroll
    for (int c = 0; c < CHANNELS; ++c) {
#pragma unroll
        for (int s = 0; s < Mine::OWN; ++s) {
            const int n = lane * Mine::OWN + s;
            a[c][s] = n < p.states ? p.a[static_cast<std::int64_t>(direction * p.states + n) * inner +
                                         min(first + channel + c, inner - 1)]
                                   : 0.0F;
        }
    }

    /* The role of a token's thread: a quad of channels of every Mine::TOKENS-th token. */
    const int quad = in_warp % Mine::QUADS;
    const int token = in_warp / Mine::QUADS;
    const bool exists = first + quad * 4 < inner;
    const int quad_channel = min(first + quad * 4, inner - 4);
    Float4 dt_weight[RANK];
#pragma unroll
    for (int r = 0; r < RANK; ++r) {
        dt_weight[r] = {};
        if (r < p.rank) {
            dt_weight[r] = p.dt_weight.load4(static_cast<std::int64_t>(direction * p.rank + r) * inner + quad_channel);
        }
    }
    const Float4 dt_bias = p.dt_bias.load4(direction * inner + quad_channel);
    const Float4 d = ENDS ? Float4{} : p.d.load4(direction * inner + quad_channel);

    const Shared<float> rows(0, 2 * SCAN_CHUNK * ROW);
    const Stager<ENDS> stager(p, rows, row_step);
    const int corner = (2 * SCAN_CHUNK * ROW + warp * Mine::CORNER) * static_cast<int>(sizeof(float));
    const Shared<float> pairs(corner, 2 * GROUP);
    const Shared<float> sums(corner + 2 * GROUP * static_cast<int>(sizeof(float)), LANES * Mine::SUMS);
    constexpr int WORDS = PAIRS ? 2 : 4; /* of a quad */
    constexpr int RING = 2 * 32 * WORDS; /* u and z of a group */
    const Shared<std::uint32_t> ring((2 * SCAN_CHUNK * ROW + WARPS * Mine::CORNER + warp * AHEAD * RING) *
                                         static_cast<int>(sizeof(float)),
                                     AHEAD * RING);

    /* Of a stretch's token t, u and y lie at its origin + t * value_step, z at z_step times that + gate_place. */
    const int value_step = row_step * inner;
    const int gate_shift = p.z_step - 1;
    const int gate_place = quad_channel - (quad_channel << gate_shift);
    const std::int64_t group_step = static_cast<std::int64_t>(value_step) * Mine::TOKENS;
    const auto first_values = [&](const Stretch &stretch) {
        return multiply_wide(min(token, stretch.length - 1), value_step, stretch.row * inner + quad_channel);
    };

    /* What is fetched next: the group that begins at `fetch_from` of stretch `fetch_index`, this thread's values of it
       at `fetch_at`. A token that does not exist is the one before once more. */
    int fetch_index = index;
    int fetch_from = 0;
    Stretch fetched = stretch_of(p, grid, direction, index);
    std::int64_t fetch_at = first_values(fetched);
    int slot = 0;
    const auto fetch = [&]() {
        if (fetch_index < grid.stretches) {
            if constexpr (PAIRS) {
                copy_or_zero<WORDS>(ring, slot + in_warp * WORDS, p.u_pairs, fetch_at / 2, true);
                if constexpr (!ENDS) {
                    copy_or_zero<WORDS>(ring, slot + (32 + in_warp) * WORDS, p.gate_pairs, fetch_at / 2, true);
                }
            } else {
                copy_async(ring, slot + in_warp * WORDS, as_words(p.u), fetch_at);
                if constexpr (!ENDS) {
                    copy_async(ring, slot + (32 + in_warp) * WORDS, as_words(p.z),
                               (fetch_at << gate_shift) + gate_place);
                }
            }
            fetch_from += Mine::TOKENS;
            if (fetch_from < fetched.length) {
                fetch_at += fetch_from + token < fetched.length ? group_step : 0;
            } else {
                fetch_index += grid.stride;
                fetch_from = 0;
                if (fetch_index < grid.stretches) {
                    fetched = stretch_of(p, grid, direction, fetch_index);
                    fetch_at = first_values(fetched);
                }
            }
        }
        commit_copies();
        slot = slot == (AHEAD - 1) * RING ? 0 : slot + RING;
    };

    int buffer = 0;
    bool rows_are_older = false;
    stager.begin(buffer, fetched.row, fetched.length, 0);
    for (int i = 0; i < AHEAD; ++i) {
        fetch();
    }
    while (index < grid.stretches) {
        const int following = index + grid.stride;
        const Stretch now = stretch_of(p, grid, direction, index);
        /* The first segment of a sequence starts from zero; the carry has the starts of the others. */
        const bool fresh = ENDS || now.segment == 0;
        float h[CHANNELS][Mine::OWN];
#pragma unroll
        for (int c = 0; c < CHANNELS; ++c) {
#pragma unroll
            for (int s = 0; s < Mine::OWN; ++s) {
                h[c][s] = 0.0F;
            }
        }
        if (!fresh) {
            const std::int64_t carried = index - index / grid.segments - 1;
#pragma unroll
            for (int c = 0; c < CHANNELS; ++c) {
#pragma unroll
                for (int s = 0; s < Mine::OWN; ++s) {
                    const int n = lane * Mine::OWN + s;
                    if (n < p.states && first + channel + c < inner) {
                        h[c][s] = p.carry[((carried * 2 + direction) * p.states + n) * inner + first + channel + c];
                    }
                }
            }
        }
        Float4 delta_sum = {};
        std::int64_t y_at = first_values(now);
        for (int chunk = 0; chunk < now.length; chunk += SCAN_CHUNK) {
            /* The rows came with the group AHEAD after the first of the chunk before. */
            if (rows_are_older) {
                wait_for_groups<AHEAD - 1>();
            } else {
                wait_for_copies();
            }
            __syncthreads();
            const int other = SCAN_CHUNK * ROW - buffer;
            if (chunk + SCAN_CHUNK < now.length) {
                stager.begin(other, now.row, now.length, chunk + SCAN_CHUNK);
            } else if (following < grid.stretches) {
                const Stretch next = stretch_of(p, grid, direction, following);
                stager.begin(other, next.row, next.length, 0);
            }
            const int chunk_end = min(chunk + SCAN_CHUNK, now.length);
#pragma unroll 1
            for (int group = chunk; group < chunk_end; group += Mine::TOKENS) {
                const int group_row = buffer + (group - chunk) * ROW;

                /* A quad of channels of a token. */
                wait_for_groups<AHEAD - 1>();
                const auto quad_at = [&](int at) {
                    const Vector<std::uint32_t, WORDS> words = ring.template load<WORDS>(at);
                    Float4 values;
#pragma unroll
                    for (int i = 0; i < 4; ++i) {
                        values.v[i] = PAIRS ? unpack_bf16(words.v[i / 2]).v[i % 2] : float_of(words.v[i % WORDS]);
                    }
                    return values;
                };
                const Float4 u = quad_at(slot + in_warp * WORDS);
                const Float4 z = ENDS ? Float4{} : quad_at(slot + (32 + in_warp) * WORDS);
                const Float4 dt = rows.load4(group_row + token * ROW);
                fetch();
                Float4 delta = dt_bias;
                Float4 input;
                Float4 skip;
                Float4 gate;
#pragma unroll
                for (int k = 0; k < 4; ++k) {
#pragma unroll
                    for (int r = 0; r < RANK; ++r) {
                        delta.v[k] = fmaf(dt_weight[r].v[k], dt.v[r], delta.v[k]);
                    }
                    delta.v[k] = softplus(delta.v[k]);
                    input.v[k] = delta.v[k] * u.v[k];
                    if constexpr (ENDS) {
                        delta_sum.v[k] += delta.v[k];
                    } else {
                        skip.v[k] = d.v[k] * u.v[k];
                    }
                }
                /* A branch: what is not needed is not to be issued either. */
                gate = z;
                if (!ENDS && !PAIRS && !p.gated) {
#pragma unroll
                    for (int k = 0; k < 4; ++k) {
                        gate.v[k] = silu(z.v[k]);
                    }
                }
#pragma unroll
                for (int half = 0; half < 2; ++half) {
                    pairs.store4(((token * 2 + half) * Mine::QUADS + quad) * 4,
                                 {delta.v[2 * half], input.v[2 * half], delta.v[2 * half + 1], input.v[2 * half + 1]});
                }
                __syncwarp();

                /* The states of the thread's channels, through all tokens of the group. */
                const int own_row = group_row + RANK + lane * Mine::OWN;
                const int own_pair = Mine::pair(channel);
                const int own_sum = lane * Mine::SUMS + channel;
                walk<LANES, CHANNELS, ENDS>(rows, own_row, pairs, own_pair, sums, own_sum, a, h);
                __syncwarp();

                /* The quad again. */
                if constexpr (!ENDS) {
                    Float4 sum = sums.load4(token * Mine::WIDE + quad * 4);
#pragma unroll
                    for (int other_lane = 1; other_lane < LANES; ++other_lane) {
                        const Float4 share = sums.load4(other_lane * Mine::SUMS + token * Mine::WIDE + quad * 4);
#pragma unroll
                        for (int k = 0; k < 4; ++k) {
                            sum.v[k] += share.v[k];
                        }
                    }
#pragma unroll
                    for (int k = 0; k < 4; ++k) {
                        sum.v[k] = (skip.v[k] + sum.v[k]) * gate.v[k];
                    }
                    if (group + token < now.length && exists) {
                        if (PAIRS && !p.y_pairs.empty()) {
                            p.y_pairs.template store<2>(
                                y_at / 2, {{pack_bf16(sum.v[0], sum.v[1]), pack_bf16(sum.v[2], sum.v[3])}});
                        } else {
                            p.y.store4(y_at, sum);
                        }
                    }
                    y_at += group_step;
                }
            }
            buffer = other;
            rows_are_older = chunk_end - chunk > (AHEAD - 1) * Mine::TOKENS;
        }
        if constexpr (ENDS) {
            const std::int64_t ended = static_cast<std::int64_t>(index) * 2 + direction;
            const std::int64_t all_sums = static_cast<std::int64_t>(grid.stretches) * 2 * p.states * inner;
#pragma unroll
            for (int c = 0; c < CHANNELS; ++c) {
#pragma unroll
                for (int s = 0; s < Mine::OWN; ++s) {
                    const int n = lane * Mine::OWN + s;
                    if (n < p.states && first + channel + c < inner) {
                        p.carry[(ended * p.states + n) * inner + first + channel + c] = h[c][s];
                    }
                }
            }
#pragma unroll
            for (int apart = Mine::QUADS; apart < 32; apart *= 2) {
#pragma unroll
                for (int k = 0; k < 4; ++k) {
                    delta_sum.v[k] += __shfl_xor_sync(~0U, delta_sum.v[k], apart);
                }
            }
            if (token == 0 && exists) {
                p.carry.store4(all_sums + ended * inner + quad_channel, delta_sum);
            }
        }
        index = following;
    }
}

template <int LANES, int CHANNELS, bool ENDS, bool PAIRS>
cudaError_t launch_tiled(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    using namespace scan_tiled_details;
    using Mine = Tile<LANES, CHANNELS>;
    constexpr int FLOATS = 2 * SCAN_CHUNK * ROW + WARPS * (Mine::CORNER + AHEAD * 2 * GROUP / (PAIRS ? 2 : 1));
    return launch_scan_grid(ENDS ? "scan_tiled_ends" : "scan_tiled", scan_tiled<LANES, CHANNELS, ENDS, PAIRS>,
                            WARPS * Mine::WIDE, FLOATS * sizeof(float), ENDS, scan, plan, stream);
}

template <int LANES, int CHANNELS, bool ENDS>
cudaError_t launch_tiled(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    return scan.u_pairs.empty() ? launch_tiled<LANES, CHANNELS, ENDS, false>(scan, plan, stream)
                                : launch_tiled<LANES, CHANNELS, ENDS, true>(scan, plan, stream);
}

} // namespace earshot
