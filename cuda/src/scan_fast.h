/*
 * The selective scan, fast. Both directions in one launch; direction 1 walks through the tokens backwards.
 *
 * HEADER
 */
#pragma once

#include "intrinsics.h"
#include "scan_variants.h"

namespace earshot {

constexpr int kScanThreads = 128;
constexpr int kScanChunk = 32; /* tokens whose dt, B and C lie in shared memory; there are two such buffers */

struct ScanGrid {
    std::int32_t tiles;     /* of channels */
    std::int32_t stretches; /* of all sequences */
    std::int32_t stride;    /* from a block's stretch to its next */
    std::int32_t segments;  /* stretches of a sequence */
    std::int32_t segment_length;
};

namespace scan_fast_details {

/* A run of tokens: `start` is the first in the direction's order. */
struct Stretch {
    std::int64_t start;
    int length;
};

__device__ __forceinline__ Stretch stretch_of(const SelectiveScan &p, const ScanGrid &grid, int direction, int index) {
    const int sequence = index / grid.segments;
    const int begin = (index - sequence * grid.segments) * grid.segment_length;
    const int place = direction == 0 ? begin : p.sequences.length - 1 - begin;
    return {p.sequences.first(sequence) + place * p.sequences.step,
            min(grid.segment_length, p.sequences.length - begin)};
}

/* Where a row's parts lie in shared memory: dt, B, C, the latter two padded to STATES. */
template <int STATES, int RANK> struct RowLayout {
    int dt_width;

    __device__ __forceinline__ explicit RowLayout(const SelectiveScan &p) : dt_width(RANK > 0 ? RANK : p.dt_width) {}
    __device__ __forceinline__ int b() const { return RANK > 0 ? RANK : dt_width; }
    __device__ __forceinline__ int c() const { return b() + STATES; }
    __device__ __forceinline__ int floats() const { return b() + 2 * STATES; }
};

/* Begins to copy kScanChunk rows from place `from` of a stretch on into shared memory at `to`; zeros after its end. */
template <int STATES, int RANK, bool ENDS>
__device__ __forceinline__ void stage(const SelectiveScan &p, const Shared<float> &rows, int to, int direction,
                                      const Stretch &stretch, std::int64_t step, int from) {
    const RowLayout<STATES, RANK> layout(p);
    const int width = p.dt_width + 2 * p.state_width;
    const int quads = (ENDS ? width - p.state_width : width) / 4;
    for (int i = static_cast<int>(threadIdx.x); i < kScanChunk * quads; i += kScanThreads) {
        const int t = i / quads;
        const int column = (i - t * quads) * 4;
        const bool is_c = column >= p.dt_width + p.state_width;
        const int at = to + t * layout.floats() + column + (is_c ? STATES - p.state_width : 0);
        if (from + t < stretch.length) {
            const std::int64_t row = (stretch.start + (from + t) * step) * 2 + direction;
            copy_async(rows, at, p.x_projection, row * width + column);
        } else {
            rows.store4(at, {});
        }
    }
}

/* What lane j of a channel's LANES lanes holds. */
template <int LANES> __device__ __forceinline__ float from_lane(float mine, int j) {
    if constexpr (LANES == 1) {
        return mine;
    } else {
        constexpr int apart = 32 / LANES;
        return __shfl_sync(~0U, mine, static_cast<int>(threadIdx.x) % apart + j * apart);
    }
}

/* The sum over a channel's lanes of value[j], j being this lane's number: LANES - 1 shuffles for LANES sums. */
template <int LANES> __device__ __forceinline__ float sum_of_mine(const float (&value)[LANES], int lane) {
    if constexpr (LANES == 1) {
        return value[0];
    } else {
        constexpr int half = LANES / 2;
        const bool upper = (lane & half) != 0;
        float kept[half];
#pragma unroll
        for (int i = 0; i < half; ++i) {
            const float sent = upper ? value[i] : value[i + half];
            kept[i] = (upper ? value[i + half] : value[i]) + __shfl_xor_sync(~0U, sent, half * (32 / LANES));
        }
        if constexpr (half == 1) {
            return kept[0];
        } else {
            /* The lane's number among the remaining half, whose lanes are as far apart as before. */
            const bool odd = (lane & 1) != 0;
            static_assert(half == 2, "one, two or four lanes");
            return (odd ? kept[1] : kept[0]) + __shfl_xor_sync(~0U, odd ? kept[0] : kept[1], 32 / LANES);
        }
    }
}

} // namespace scan_fast_details

template <int STATES, int LANES, int CHANNELS, int RANK, bool ENDS>
__global__ void __launch_bounds__(kScanThreads, 4) scan_fast(const SelectiveScan p, const ScanGrid grid) {
    using namespace scan_fast_details;
    constexpr int kOwn = STATES / LANES;        /* states of a thread */
    constexpr int kPerLane = LANES == 1 ? 4 : 2; /* tokens of a group that a lane does the rest of the work for */
    constexpr int kGroup = LANES * kPerLane;
    constexpr int kApart = kScanThreads / LANES; /* between the channels of a thread */
    static_assert(STATES % (LANES * 4) == 0 && kScanChunk % kGroup == 0, "whole quads of states, whole groups");

    const int lane = static_cast<int>(threadIdx.x) % 32 / (32 / LANES);
    const int place = static_cast<int>(threadIdx.x) / 32 * (32 / LANES) + static_cast<int>(threadIdx.x) % (32 / LANES);
    const int tile = static_cast<int>(blockIdx.x) % grid.tiles;
    const int direction = static_cast<int>(blockIdx.x) / grid.tiles % 2;
    int index = static_cast<int>(blockIdx.x) / grid.tiles / 2;
    const std::int64_t inner = p.inner;
    const std::int64_t step = direction == 0 ? p.sequences.step : -p.sequences.step;

    /* Threads without a channel work on the last one, and store nothing. */
    std::int64_t channel[CHANNELS];
    bool stores[CHANNELS];
    float a[CHANNELS][kOwn];
    float d[CHANNELS];
    float dt_bias[CHANNELS];
#pragma unroll
    for (int c = 0; c < CHANNELS; ++c) {
        channel[c] = static_cast<std::int64_t>(tile) * (kApart * CHANNELS) + c * kApart + place;
        stores[c] = channel[c] < inner;
        channel[c] = stores[c] ? channel[c] : inner - 1;
#pragma unroll
        for (int s = 0; s < kOwn; ++s) {
            const int n = lane * kOwn + s;
            a[c][s] = n < p.states ? p.a[(direction * p.states + n) * inner + channel[c]] : 0.0F;
        }
        d[c] = p.d[direction * inner + channel[c]];
        dt_bias[c] = p.dt_bias[direction * inner + channel[c]];
    }

    /* Shared memory: two buffers of rows; the tile's weights of dt where they do not fit into registers. */
    const RowLayout<STATES, RANK> layout(p);
    const int buffer_floats = kScanChunk * layout.floats();
    const Shared<float> rows(0, 2 * buffer_floats);
    const Shared<float> dt_shared(2 * buffer_floats * static_cast<int>(sizeof(float)),
                                  RANK > 0 ? 0 : p.rank * kApart * CHANNELS);
    float dt_weight[CHANNELS][RANK > 0 ? RANK : 1];
#pragma unroll
    for (int c = 0; c < CHANNELS; ++c) {
        if constexpr (RANK > 0) {
#pragma unroll
            for (int r = 0; r < RANK; ++r) {
                dt_weight[c][r] = r < p.rank ? p.dt_weight[(direction * p.rank + r) * inner + channel[c]] : 0.0F;
            }
        } else {
            for (int r = lane; r < p.rank; r += LANES) {
                dt_shared[(r * CHANNELS + c) * kApart + place] =
                    p.dt_weight[(direction * p.rank + r) * inner + channel[c]];
            }
        }
    }
    const int padding = STATES - p.state_width;
    for (int i = static_cast<int>(threadIdx.x); i < 2 * kScanChunk * padding; i += kScanThreads) {
        const int at = i / padding * layout.floats() + p.state_width + i % padding;
        rows[at + layout.b()] = 0.0F;
        rows[at + layout.c()] = 0.0F;
    }

    /* u and z of the tokens of a group that are this lane's, fetched a group ahead. */
    float u_next[kPerLane][CHANNELS];
    float z_next[kPerLane][CHANNELS];
    const auto fetch = [&](const Stretch &stretch, int from) {
#pragma unroll
        for (int i = 0; i < kPerLane; ++i) {
            const int t = from + i * LANES + lane;
            const std::int64_t row = ((stretch.start + t * step) * 2 + direction) * inner;
#pragma unroll
            for (int c = 0; c < CHANNELS; ++c) {
                u_next[i][c] = t < stretch.length ? p.u[row + channel[c]] : 0.0F;
                if constexpr (!ENDS) {
                    z_next[i][c] = t < stretch.length ? p.xz[2 * row + inner + channel[c]] : 0.0F;
                }
            }
        }
    };

    Stretch now = stretch_of(p, grid, direction, index);
    int buffer = 0;
    stage<STATES, RANK, ENDS>(p, rows, buffer, direction, now, step, 0);
    fetch(now, 0);
    while (index < grid.stretches) {
        const int following = index + grid.stride;
        const Stretch next = following < grid.stretches ? stretch_of(p, grid, direction, following) : Stretch{0, 0};
        /* The first segment of a sequence starts from zero; the carry has the starts of the others. */
        const bool fresh = ENDS || index % grid.segments == 0;
        const std::int64_t carried = fresh ? -1 : index - index / grid.segments - 1;
        float h[CHANNELS][kOwn];
        float delta_sum[CHANNELS];
#pragma unroll
        for (int c = 0; c < CHANNELS; ++c) {
            delta_sum[c] = 0.0F;
#pragma unroll
            for (int s = 0; s < kOwn; ++s) {
                const int n = lane * kOwn + s;
                h[c][s] = carried >= 0 && n < p.states
                              ? p.carry[((carried * 2 + direction) * p.states + n) * inner + channel[c]]
                              : 0.0F;
            }
        }
        for (int chunk = 0; chunk < now.length; chunk += kScanChunk) {
            wait_for_copies();
            __syncthreads();
            const int other = buffer_floats - buffer;
            if (chunk + kScanChunk < now.length) {
                stage<STATES, RANK, ENDS>(p, rows, other, direction, now, step, chunk + kScanChunk);
            } else if (next.length > 0) {
                stage<STATES, RANK, ENDS>(p, rows, other, direction, next, step, 0);
            }
            const int chunk_end = min(chunk + kScanChunk, now.length);
            for (int group = chunk; group < chunk_end; group += kGroup) {
                float u[kPerLane][CHANNELS];
                float z[kPerLane][CHANNELS];
#pragma unroll
                for (int i = 0; i < kPerLane; ++i) {
#pragma unroll
                    for (int c = 0; c < CHANNELS; ++c) {
                        u[i][c] = u_next[i][c];
                        if constexpr (!ENDS) {
                            z[i][c] = z_next[i][c];
                        }
                    }
                }
                const bool same = group + kGroup < now.length;
                fetch(same ? now : next, same ? group + kGroup : 0);

                const int group_row = buffer + (group - chunk) * layout.floats();
#pragma unroll
                for (int i = 0; i < kPerLane; ++i) {
                    /* This lane's token of the LANES that come now. */
                    const int t = group + i * LANES + lane;
                    const int row = group_row + (i * LANES + lane) * layout.floats();
                    float delta[CHANNELS];
                    float input[CHANNELS];
#pragma unroll
                    for (int c = 0; c < CHANNELS; ++c) {
                        delta[c] = dt_bias[c];
                    }
                    if constexpr (RANK > 0) {
#pragma unroll
                        for (int r = 0; r < RANK; r += 4) {
                            const Float4 dt = rows.load4(row + r);
#pragma unroll
                            for (int c = 0; c < CHANNELS; ++c) {
#pragma unroll
                                for (int k = 0; k < 4; ++k) {
                                    delta[c] = fmaf(dt_weight[c][r + k], dt.v[k], delta[c]);
                                }
                            }
                        }
                    } else {
                        for (int r = 0; r < p.rank; ++r) {
#pragma unroll
                            for (int c = 0; c < CHANNELS; ++c) {
                                delta[c] = fmaf(dt_shared[(r * CHANNELS + c) * kApart + place], rows[row + r], delta[c]);
                            }
                        }
                    }
#pragma unroll
                    for (int c = 0; c < CHANNELS; ++c) {
                        delta[c] = t < now.length ? softplus(delta[c]) : 0.0F;
                        input[c] = delta[c] * u[i][c];
                        delta_sum[c] += delta[c];
                    }

                    float y[CHANNELS][LANES];
#pragma unroll
                    for (int j = 0; j < LANES; ++j) {
                        const int states_row = group_row + (i * LANES + j) * layout.floats() + lane * kOwn;
                        float delta_j[CHANNELS];
                        float input_j[CHANNELS];
#pragma unroll
                        for (int c = 0; c < CHANNELS; ++c) {
                            delta_j[c] = from_lane<LANES>(delta[c], j);
                            input_j[c] = from_lane<LANES>(input[c], j);
                            y[c][j] = 0.0F;
                        }
#pragma unroll
                        for (int s = 0; s < kOwn; s += 4) {
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
                        const std::int64_t out = ((now.start + t * step) * 2 + direction) * inner;
#pragma unroll
                        for (int c = 0; c < CHANNELS; ++c) {
                            const float sum = sum_of_mine<LANES>(y[c], lane);
                            if (t < now.length && stores[c]) {
                                p.y[out + channel[c]] = fmaf(d[c], u[i][c], sum) * silu(z[i][c]);
                            }
                        }
                    }
                }
            }
            buffer = other;
        }
        if constexpr (ENDS) {
            const std::int64_t rows_done = static_cast<std::int64_t>(index) * 2 + direction;
            const std::int64_t sums = static_cast<std::int64_t>(grid.stretches) * 2 * p.states * inner;
#pragma unroll
            for (int c = 0; c < CHANNELS; ++c) {
#pragma unroll
                for (int apart = 32 / LANES; apart < 32; apart *= 2) {
                    delta_sum[c] += __shfl_xor_sync(~0U, delta_sum[c], apart);
                }
#pragma unroll
                for (int s = 0; s < kOwn; ++s) {
                    const int n = lane * kOwn + s;
                    if (n < p.states && stores[c]) {
                        p.carry[(rows_done * p.states + n) * inner + channel[c]] = h[c][s];
                    }
                }
                if (lane == 0 && stores[c]) {
                    p.carry[sums + rows_done * inner + channel[c]] = delta_sum[c];
                }
            }
        }
        index = following;
        now = next;
    }
}

/* Floats of shared memory: two buffers of rows, and the tile's weights of dt where they do not fit into registers. */
template <int STATES, int LANES, int CHANNELS, int RANK> std::int64_t scan_shared_floats(const SelectiveScan &scan) {
    constexpr std::int64_t tile = kScanThreads / LANES * CHANNELS;
    return 2 * kScanChunk * (scan.dt_width + 2 * STATES) + (RANK > 0 ? 0 : scan.rank * tile);
}

template <int STATES, int LANES, int CHANNELS, int RANK, bool ENDS>
cudaError_t launch_scan(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    const std::int32_t segments = ENDS ? plan.segments - 1 : plan.segments; /* nobody needs the last one's end */
    const std::int64_t tiles = divide_up(scan.inner, kScanThreads / LANES * CHANNELS);
    const std::int64_t stretches = scan.sequences.count * segments;
    const std::int64_t stride = divide_up(stretches, plan.stretches_per_block);
    const auto shared = static_cast<std::size_t>(scan_shared_floats<STATES, LANES, CHANNELS, RANK>(scan)) * sizeof(float);
    if (shared > kMostScanShared) {
        return cudaErrorNotSupported;
    }
    if (stretches + stride > INT32_MAX || stride * 2 * tiles > INT32_MAX) {
        return cudaErrorInvalidValue;
    }
    const ScanGrid grid = {static_cast<std::int32_t>(tiles), static_cast<std::int32_t>(stretches),
                           static_cast<std::int32_t>(stride), segments, plan.segment_length};
    return launch(ENDS ? "scan_ends" : "scan_fast", scan_fast<STATES, LANES, CHANNELS, RANK, ENDS>,
                  dim3(static_cast<unsigned>(stride * 2 * tiles)), dim3(kScanThreads), shared, stream, scan, grid);
}

} // namespace earshot
