/*
 * The selective scan, fast. Both directions in one launch; direction 1 walks through the tokens backwards.
 *
 * Idea. A block of 128 threads owns a tile of channels of one direction and walks through one or several sequences (or
 * stretches of them). The rows of dt, B and C of 32 tokens lie in shared memory, the next 32 are on their way
 * (cp.async): one read serves the whole tile. a, the states and the weights of dt live in registers over the whole
 * walk; no state is ever written, except at the end of a segment.
 *
 * LANES lanes of a warp share a channel's states. Each does for every LANES-th token what is done once a token: it
 * fetches u and z (a group of 4 or 8 tokens ahead, so that no one waits for memory), projects dt, takes softplus, and
 * in the end adds D u, multiplies by the gate and writes. The steps reach the other lanes by shuffles; the sums of C h
 * are transposed while they are added, LANES - 1 shuffles for LANES tokens. So sharing costs few instructions, and it
 * makes LANES times as many warps. The CHANNELS of a thread share its reads of B and C.
 *
 * Counts for N = 16, R = 4, a token of 32 channels of one direction, in the compiled inner loop for sm_90: 16 exp2 for
 * the decays, and for each channel two more and a reciprocal (softplus, SiLU). A scheduler does one such instruction of
 * a warp in 8 cycles, so 19 take 152 cycles. All instructions, at one a cycle: 2 lanes and 2 channels 146; 4 and 2,
 * 154; 4 and 1, 178. (One lane and one channel came to 150 with twice the reads of shared memory, and was dropped.)
 * Hence an exp2 by a polynomial on the multiply-add pipe, some 10 instructions for 8 cycles of the other unit, would
 * gain nothing here. Shared memory: B and C leave it with 8 N / CHANNELS bytes a token and channel, at 128 bytes a
 * cycle and multiprocessor 16 cycles for 32 channels, of the 38 that they take in all.
 *
 * Bytes a token, direction and channel: 12 (u, z, y), and a row of 4 (R + 2 N) for each tile of 64 or 128 channels,
 * from L2 but for the first time. Flops: 5 N + 2 R + 25; special functions: N + 3.
 *
 * Papers' sizes (31 x 500 or 500 x 31 tokens, 2 x 256 channels, N = 16): 100 MB, 0.9 Gflop, 127 M exp2 for the decays
 * and 24 M other special functions. Expected limit on an H200 (4.8 TB/s; 132 multiprocessors at 1.75 GHz, 3.7 T special
 * functions a second): special functions, 41 us at batch 1 and 1.3 ms at batch 32 at both shapes; memory would need 21
 * us and 0.67 ms. The time path at batch 1 has 1.9 warps for a scheduler and loses another 6 % because 248 blocks do
 * not divide by 132. The counts are from the compiler, the times from the counts; what a device
 * took stands in benchmarks/results/gpu.
 */
#pragma once

#include "intrinsics.h"
#include "scan_grid.h"
#include "scan_variants.h"

namespace earshot {

constexpr float NO_STEP = -1e30F; /* softplus of it is 0 */

namespace scan_fast_details {

/* Where a row's parts lie in shared memory: dt, B, C, the latter two padded to STATES. */
template <int STATES, int RANK>
struct RowLayout {
    int dt_width;

    __device__ __forceinline__ explicit RowLayout(const SelectiveScan &p) : dt_width(RANK > 0 ? RANK : p.dt_width) {}
    __device__ __forceinline__ int b() const { return RANK > 0 ? RANK : dt_width; }
    __device__ __forceinline__ int c() const { return b() + STATES; }
    __device__ __forceinline__ int floats() const { return b() + 2 * STATES; }
};

/* Begins to copy SCAN_CHUNK rows from place `from` of a stretch on into shared memory at `to`; zeros after its end. */
template <int STATES, int RANK, bool ENDS>
__device__ __forceinline__ void stage(const SelectiveScan &p, const Shared<float> &rows, int to, const Stretch &stretch,
                                      int row_step, int from) {
    const RowLayout<STATES, RANK> layout(p);
    const int width = p.dt_width + 2 * p.state_width;
    const int quads = (ENDS ? width - p.state_width : width) / 4;
    for (int i = static_cast<int>(threadIdx.x); i < SCAN_CHUNK * quads; i += SCAN_THREADS) {
        const int t = i / quads;
        const int column = (i - t * quads) * 4;
        const bool is_c = column >= p.dt_width + p.state_width;
        const int at = to + t * layout.floats() + column + (is_c ? STATES - p.state_width : 0);
        if (from + t < stretch.length) {
            const std::int64_t row = stretch.row + static_cast<std::int64_t>(from + t) * row_step;
            copy_async(rows, at, p.x_projection, row * width + column);
        } else {
            rows.store4(at, {});
        }
    }
}

/* What lane j of a channel's LANES lanes holds. */
template <int LANES>
__device__ __forceinline__ float from_lane(float mine, int j) {
    if constexpr (LANES == 1) {
        return mine;
    } else {
        constexpr int APART = 32 / LANES;
        return __shfl_sync(~0U, mine, static_cast<int>(threadIdx.x) % APART + j * APART);
    }
}

/* The sum over a channel's lanes of value[j], j being this lane's number: LANES - 1 shuffles for LANES sums. */
template <int LANES>
__device__ __forceinline__ float sum_of_mine(const float (&value)[LANES], int lane) {
    if constexpr (LANES == 1) {
        return value[0];
    } else {
        constexpr int HALF = LANES / 2;
        const bool upper = (lane & HALF) != 0;
        float kept[HALF];
#pragma unroll
        for (int i = 0; i < HALF; ++i) {
            const float sent = upper ? value[i] : value[i + HALF];
            kept[i] = (upper ? value[i + HALF] : value[i]) + __shfl_xor_sync(~0U, sent, HALF * (32 / LANES));
        }
        if constexpr (HALF == 1) {
            return kept[0];
        } else {
            /* The lane's number among the remaining half, whose lanes are as far apart as before. */
            const bool odd = (lane & 1) != 0;
            static_assert(HALF == 2, "one, two or four lanes");
            return (odd ? kept[1] : kept[0]) + __shfl_xor_sync(~0U, odd ? kept[0] : kept[1], 32 / LANES);
        }
    }
}

} // namespace scan_fast_details

template <int STATES, int LANES, int CHANNELS, int RANK, bool ENDS>
__global__ void __launch_bounds__(SCAN_THREADS, 4) scan_fast(const SelectiveScan p, const ScanGrid grid) {
    begin_kernel();
    using namespace scan_fast_details;
    constexpr int OWN = STATES / LANES;          /* states of a thread */
    constexpr int PER_LANE = LANES == 1 ? 4 : 2; /* tokens of a group that a lane does the rest of the work for */
    constexpr int GROUP = LANES * PER_LANE;
    constexpr int APART = SCAN_THREADS / LANES; /* between the channels of a thread */
    static_assert(STATES % (LANES * 4) == 0 && SCAN_CHUNK % GROUP == 0, "whole quads of states, whole groups");

    const int lane = static_cast<int>(threadIdx.x) % 32 / (32 / LANES);
    const int place = static_cast<int>(threadIdx.x) / 32 * (32 / LANES) + static_cast<int>(threadIdx.x) % (32 / LANES);
    const int tile = static_cast<int>(blockIdx.x) % grid.tiles;
    const int direction = static_cast<int>(blockIdx.x) / grid.tiles % 2;
    int index = static_cast<int>(blockIdx.x) / grid.tiles / 2;
    const std::int64_t inner = p.inner;
    const int row_step = static_cast<int>(direction == 0 ? p.sequences.step : -p.sequences.step) * 2;

    /* The thread's channels are first + c * APART. One that does not exist is computed from zeros, and not stored. */
    const std::int64_t first = static_cast<std::int64_t>(tile) * (APART * CHANNELS) + place;
    bool exists[CHANNELS];
    float a[CHANNELS][OWN];
    float d[CHANNELS];
    float dt_bias[CHANNELS];
#pragma unroll
    for (int c = 0; c < CHANNELS; ++c) {
        exists[c] = first + c * APART < inner;
#pragma unroll
        for (int s = 0; s < OWN; ++s) {
            const int n = lane * OWN + s;
            a[c][s] = exists[c] && n < p.states ? p.a[(direction * p.states + n) * inner + first + c * APART] : 0.0F;
        }
        d[c] = exists[c] ? p.d[direction * inner + first + c * APART] : 0.0F;
        dt_bias[c] = exists[c] ? p.dt_bias[direction * inner + first + c * APART] : 0.0F;
    }

    /* Shared memory: two buffers of rows; the tile's weights of dt where they do not fit into registers. */
    const RowLayout<STATES, RANK> layout(p);
    const int buffer_floats = SCAN_CHUNK * layout.floats();
    const Shared<float> rows(0, 2 * buffer_floats);
    const Shared<float> dt_shared(2 * buffer_floats * static_cast<int>(sizeof(float)),
                                  RANK > 0 ? 0 : p.dt_width * APART * CHANNELS);
    float dt_weight[CHANNELS][RANK > 0 ? RANK : 1];
#pragma unroll
    for (int c = 0; c < CHANNELS; ++c) {
        const auto weight = [&](int r) {
            return exists[c] && r < p.rank ? p.dt_weight[(direction * p.rank + r) * inner + first + c * APART] : 0.0F;
        };
        if constexpr (RANK > 0) {
#pragma unroll
            for (int r = 0; r < RANK; ++r) {
                dt_weight[c][r] = weight(r);
            }
        } else {
            for (int r = lane; r < p.dt_width; r += LANES) {
                dt_shared[(r * CHANNELS + c) * APART + place] = weight(r);
            }
        }
    }
    const int padding = STATES - p.state_width;
    for (int i = static_cast<int>(threadIdx.x); i < 2 * SCAN_CHUNK * padding; i += SCAN_THREADS) {
        const int at = i / padding * layout.floats() + p.state_width + i % padding;
        rows[at + layout.b()] = 0.0F;
        rows[at + layout.c()] = 0.0F;
    }

    /* Of a stretch's token t, u and y lie at its origin + t * value_step, z at z_step times that + gate. */
    const int value_step = row_step * p.inner;
    const int gate_shift = p.z_step - 1;
    const std::int64_t gate = -(first << gate_shift) + first;
    const auto origin = [&](const Stretch &stretch) { return stretch.row * inner + first; };

    /* u and z of the tokens of a group that are this lane's, fetched a group ahead. */
    float u_next[PER_LANE][CHANNELS];
    float z_next[PER_LANE][CHANNELS];
    const auto fetch = [&](std::int64_t values, int length, int from) {
#pragma unroll
        for (int i = 0; i < PER_LANE; ++i) {
            const int t = from + i * LANES + lane;
            const std::int64_t at = values + static_cast<std::int64_t>(t) * value_step;
#pragma unroll
            for (int c = 0; c < CHANNELS; ++c) {
                const bool needed = t < length && exists[c];
                u_next[i][c] = needed ? p.u[at + c * APART] : 0.0F;
                if constexpr (!ENDS) {
                    z_next[i][c] = needed ? p.z[(at << gate_shift) + gate + c * APART] : 0.0F;
                }
            }
        }
    };

    Stretch now = stretch_of(p, grid, direction, index);
    std::int64_t now_values = origin(now);
    int buffer = 0;
    stage<STATES, RANK, ENDS>(p, rows, buffer, now, row_step, 0);
    fetch(now_values, now.length, 0);
    while (index < grid.stretches) {
        const int following = index + grid.stride;
        const Stretch next = following < grid.stretches ? stretch_of(p, grid, direction, following) : Stretch{0, 0, 0};
        const std::int64_t next_values = origin(next);
        /* The first segment of a sequence starts from zero; the carry has the starts of the others. */
        const bool fresh = ENDS || now.segment == 0;
        const std::int64_t carried = fresh ? -1 : index - index / grid.segments - 1;
        float h[CHANNELS][OWN];
        float delta_sum[CHANNELS];
#pragma unroll
        for (int c = 0; c < CHANNELS; ++c) {
            delta_sum[c] = 0.0F;
#pragma unroll
            for (int s = 0; s < OWN; ++s) {
                const int n = lane * OWN + s;
                h[c][s] = carried >= 0 && n < p.states && exists[c]
                              ? p.carry[((carried * 2 + direction) * p.states + n) * inner + first + c * APART]
                              : 0.0F;
            }
        }
        for (int chunk = 0; chunk < now.length; chunk += SCAN_CHUNK) {
            wait_for_copies();
            __syncthreads();
            const int other = buffer_floats - buffer;
            if (chunk + SCAN_CHUNK < now.length) {
                stage<STATES, RANK, ENDS>(p, rows, other, now, row_step, chunk + SCAN_CHUNK);
            } else if (next.length > 0) {
                stage<STATES, RANK, ENDS>(p, rows, other, next, row_step, 0);
            }
            const int chunk_end = min(chunk + SCAN_CHUNK, now.length);
            for (int group = chunk; group < chunk_end; group += GROUP) {
                float u[PER_LANE][CHANNELS];
                float z[PER_LANE][CHANNELS];
#pragma unroll
                for (int i = 0; i < PER_LANE; ++i) {
#pragma unroll
                    for (int c = 0; c < CHANNELS; ++c) {
                        u[i][c] = u_next[i][c];
                        if constexpr (!ENDS) {
                            z[i][c] = z_next[i][c];
                        }
                    }
                }
                const bool same = group + GROUP < now.length;
                fetch(same ? now_values : next_values, same ? now.length : next.length, same ? group + GROUP : 0);

                const int group_row = buffer + (group - chunk) * layout.floats();
#pragma unroll
                for (int i = 0; i < PER_LANE; ++i) {
                    /* This lane's token of the LANES that come now. */
                    const int t = group + i * LANES + lane;
                    const int row = group_row + (i * LANES + lane) * layout.floats();
                    float delta[CHANNELS];
                    float input[CHANNELS];
#pragma unroll
                    for (int c = 0; c < CHANNELS; ++c) {
                        delta[c] = dt_bias[c];
                    }
                    const auto add_dt = [&](int r, const auto &weight) {
                        const Float4 dt = rows.load4(row + r);
#pragma unroll
                        for (int c = 0; c < CHANNELS; ++c) {
#pragma unroll
                            for (int k = 0; k < 4; ++k) {
                                delta[c] = fmaf(weight(r + k, c), dt.v[k], delta[c]);
                            }
                        }
                    };
                    if constexpr (RANK > 0) {
#pragma unroll
                        for (int r = 0; r < RANK; r += 4) {
                            add_dt(r, [&](int k, int c) { return dt_weight[c][k]; });
                        }
                    } else {
#pragma unroll 1
                        for (int r = 0; r < p.dt_width; r += 4) {
                            add_dt(r, [&](int k, int c) { return dt_shared[(k * CHANNELS + c) * APART + place]; });
                        }
                    }
#pragma unroll
                    for (int c = 0; c < CHANNELS; ++c) {
                        /* After the end a step of exactly 0 keeps the state; asked of softplus, it needs no branch. */
                        delta[c] = softplus(t < now.length ? delta[c] : NO_STEP);
                        input[c] = delta[c] * u[i][c];
                        delta_sum[c] += delta[c];
                    }

                    float y[CHANNELS][LANES];
#pragma unroll
                    for (int j = 0; j < LANES; ++j) {
                        const int states_row = group_row + (i * LANES + j) * layout.floats() + lane * OWN;
                        float delta_j[CHANNELS];
                        float input_j[CHANNELS];
#pragma unroll
                        for (int c = 0; c < CHANNELS; ++c) {
                            delta_j[c] = from_lane<LANES>(delta[c], j);
                            input_j[c] = from_lane<LANES>(input[c], j);
                            y[c][j] = 0.0F;
                        }
#pragma unroll
                        for (int s = 0; s < OWN; s += 4) {
                            const Float4 b4 = rows.load4(states_row + layout.b() + s);
                            Float4 c4 = {};
                            if constexpr (!ENDS) {
                                c4 = rows.load4(states_row + layout.c() + s);
                            }
#pragma unroll
                            for (int c = 0; c < CHANNELS; ++c) {
#pragma unroll
                                for (int k = 0; k < 4; ++k) {
                                    const float decay = fast_exp2(delta_j[c] * a[c][s + k]);
                                    h[c][s + k] = fmaf(decay, h[c][s + k], input_j[c] * b4.v[k]);
                                    if constexpr (!ENDS) {
                                        y[c][j] = fmaf(c4.v[k], h[c][s + k], y[c][j]);
                                    }
                                }
                            }
                        }
                    }

                    if constexpr (!ENDS) {
                        const std::int64_t at = now_values + static_cast<std::int64_t>(t) * value_step;
#pragma unroll
                        for (int c = 0; c < CHANNELS; ++c) {
                            const float sum = sum_of_mine<LANES>(y[c], lane);
                            const float value = fmaf(d[c], u[i][c], sum) * (p.gated ? z[i][c] : silu(z[i][c]));
                            if (t < now.length && exists[c]) {
                                p.y[at + c * APART] = value;
                            }
                        }
                    }
                }
            }
            buffer = other;
        }
        if constexpr (ENDS) {
            const std::int64_t slot = static_cast<std::int64_t>(index) * 2 + direction;
            const std::int64_t sums = static_cast<std::int64_t>(grid.stretches) * 2 * p.states * inner;
#pragma unroll
            for (int c = 0; c < CHANNELS; ++c) {
#pragma unroll
                for (int apart = 32 / LANES; apart < 32; apart *= 2) {
                    delta_sum[c] += __shfl_xor_sync(~0U, delta_sum[c], apart);
                }
#pragma unroll
                for (int s = 0; s < OWN; ++s) {
                    const int n = lane * OWN + s;
                    if (n < p.states && exists[c]) {
                        p.carry[(slot * p.states + n) * inner + first + c * APART] = h[c][s];
                    }
                }
                if (lane == 0 && exists[c]) {
                    p.carry[sums + slot * inner + first + c * APART] = delta_sum[c];
                }
            }
        }
        index = following;
        now = next;
        now_values = next_values;
    }
}

/* Floats of shared memory: two buffers of rows, and the tile's weights of dt where they do not fit into registers. */
template <int STATES, int LANES, int CHANNELS, int RANK>
std::int64_t scan_shared_floats(const SelectiveScan &scan) {
    constexpr std::int64_t TILE = SCAN_THREADS / LANES * CHANNELS;
    return 2 * SCAN_CHUNK * (scan.dt_width + 2 * STATES) + (RANK > 0 ? 0 : scan.dt_width * TILE);
}

template <int STATES, int LANES, int CHANNELS, int RANK, bool ENDS>
cudaError_t launch_scan(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    const auto shared =
        static_cast<std::size_t>(scan_shared_floats<STATES, LANES, CHANNELS, RANK>(scan)) * sizeof(float);
    return launch_scan_grid(ENDS ? "scan_ends" : "scan_fast", scan_fast<STATES, LANES, CHANNELS, RANK, ENDS>,
                            SCAN_THREADS / LANES * CHANNELS, shared, ENDS, scan, plan, stream);
}

} // namespace earshot
