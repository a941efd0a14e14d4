/*
 * The tiled scan with warps of two kinds: half of a block's warps know only states, each paired with a warp that does
 * all that is done once a channel and token. So both kinds of work are under way at any time, however few warps a
 * scheduler has: the kind of work that waits (softplus and SiLU, sums, loads) no longer interrupts the special
 * functions of the states.
 *
 * Idea. Between two barriers the warps of states go through group g, while the others finish group g - 1 (sum over
 * lanes, skip, gate, store), prepare group g + 1 (steps and inputs) and fetch a later one. Pairs and sums are there
 * twice. The rows of B and C are copied a chunk ahead, as in scan_tiled.h, whose parts these are; each thread copies
 * the dt that it needs with its u and z.
 */
#pragma once

#include "scan_tiled.h"

namespace earshot {

/* One place in the source for the barriers of both kinds of warps, which emulation wants to see. */
__device__ __forceinline__ void meet_pair() {
    __syncthreads();
}

template <int LANES, int CHANNELS, int RELIEF, int DEPTH>
__global__ void __launch_bounds__(2 * kScanThreads, 2) scan_paired(const SelectiveScan p, const ScanGrid grid) {
    begin_kernel();
    using namespace scan_tiled_details;
    using Mine = Tile<LANES, CHANNELS>;

    const int in_warp = static_cast<int>(threadIdx.x) % 32;
    const int warp = static_cast<int>(threadIdx.x) / 32 % kWarps;
    const int tile = static_cast<int>(blockIdx.x) % grid.tiles;
    const int direction = static_cast<int>(blockIdx.x) / grid.tiles % 2;
    const int first_index = static_cast<int>(blockIdx.x) / grid.tiles / 2;
    const int inner = p.inner;
    const int row_step = static_cast<int>(direction == 0 ? p.sequences.step : -p.sequences.step) * 2;
    const int first = (tile * kWarps + warp) * Mine::wide; /* channel of the pair of warps */

    constexpr int kPairs = 2 * kGroup;
    constexpr int kSums = LANES * Mine::sums;
    constexpr int kRing = 3 * kGroup; /* u, z and dt of a group */
    constexpr int kCorner = 2 * kPairs + 2 * kSums + DEPTH * kRing;
    constexpr int kFloat = static_cast<int>(sizeof(float));
    const int corner = 2 * kScanChunk * kRow + warp * kCorner;
    const Shared<float> rows(0, 2 * kScanChunk * kRow);
    const Shared<float> pairs(corner * kFloat, 2 * kPairs);
    const Shared<float> sums((corner + 2 * kPairs) * kFloat, 2 * kSums);
    const Shared<float> ring((corner + 2 * kPairs + 2 * kSums) * kFloat, DEPTH * kRing);

    if (threadIdx.x < kScanThreads) {
        /* The states. A channel that does not exist is computed like the last one, and not stored. */
        const int lane = in_warp / Mine::places;
        const int channel = Mine::channel(in_warp % Mine::places);
        float a[CHANNELS][Mine::own];
#pragma unroll
        for (int c = 0; c < CHANNELS; ++c) {
#pragma unroll
            for (int s = 0; s < Mine::own; ++s) {
                const int n = lane * Mine::own + s;
                a[c][s] = n < p.states ? p.a[static_cast<std::int64_t>(direction * p.states + n) * inner +
                                             min(first + channel + c, inner - 1)]
                                       : 0.0F;
            }
        }
        int buffer = 0;
        int half = 0;
        for (int index = first_index; index < grid.stretches; index += grid.stride) {
            const Stretch now = stretch_of(p, grid, direction, index);
            float h[CHANNELS][Mine::own];
#pragma unroll
            for (int c = 0; c < CHANNELS; ++c) {
#pragma unroll
                for (int s = 0; s < Mine::own; ++s) {
                    h[c][s] = 0.0F;
                }
            }
            if (now.segment != 0) {
                const std::int64_t carried = index - index / grid.segments - 1;
#pragma unroll
                for (int c = 0; c < CHANNELS; ++c) {
#pragma unroll
                    for (int s = 0; s < Mine::own; ++s) {
                        const int n = lane * Mine::own + s;
                        if (n < p.states && first + channel + c < inner) {
                            h[c][s] = p.carry[((carried * 2 + direction) * p.states + n) * inner + first + channel + c];
                        }
                    }
                }
            }
            for (int chunk = 0; chunk < now.length; chunk += kScanChunk) {
                const int chunk_end = min(chunk + kScanChunk, now.length);
#pragma unroll 1
                for (int group = chunk; group < chunk_end; group += Mine::tokens) {
                    meet_pair();
                    walk<LANES, CHANNELS, RELIEF, false>(
                        rows, buffer + (group - chunk) * kRow + kRank + lane * Mine::own, pairs,
                        half * kPairs + Mine::pair(channel), sums, half * kSums + lane * Mine::sums + channel, a, h);
                    half = 1 - half;
                }
                buffer = kScanChunk * kRow - buffer;
            }
        }
        meet_pair();
        return;
    }

    /* A quad of channels of every Mine::tokens-th token. */
    const int quad = in_warp % Mine::quads;
    const int token = in_warp / Mine::quads;
    const bool exists = first + quad * 4 < inner;
    const int quad_channel = min(first + quad * 4, inner - 4);
    Float4 dt_weight[kRank];
#pragma unroll
    for (int r = 0; r < kRank; ++r) {
        dt_weight[r] = {};
        if (r < p.rank) {
            dt_weight[r] = p.dt_weight.load4(static_cast<std::int64_t>(direction * p.rank + r) * inner + quad_channel);
        }
    }
    const Float4 dt_bias = p.dt_bias.load4(direction * inner + quad_channel);
    const Float4 d = p.d.load4(direction * inner + quad_channel);
    const Stager<false> stager(p, rows, row_step);

    /* Of a stretch's token t, u and y lie at its origin + t * value_step, z at twice that + gate_place. */
    const int value_step = row_step * inner;
    const int gate_place = inner - quad_channel;
    const std::int64_t group_step = static_cast<std::int64_t>(value_step) * Mine::tokens;
    const auto first_values = [&](const Stretch &stretch) {
        return multiply_wide(min(token, stretch.length - 1), value_step, stretch.row * inner + quad_channel);
    };
    const int dt_row = row_step * kRow;
    const std::int64_t dt_step = static_cast<std::int64_t>(dt_row) * Mine::tokens;
    const auto first_dt = [&](const Stretch &stretch) {
        return multiply_wide(min(token, stretch.length - 1), dt_row, stretch.row * kRow);
    };

    /* What is fetched next: the group that begins at `fetch_from` of stretch `fetch_index`, this thread's values of it
       at `fetch_at`. A token that does not exist is the one before once more. */
    int fetch_index = first_index;
    int fetch_from = 0;
    Stretch fetched = stretch_of(p, grid, direction, first_index);
    std::int64_t fetch_at = first_values(fetched);
    std::int64_t fetch_dt = first_dt(fetched);
    int slot = 0;
    const auto fetch = [&]() {
        if (fetch_index < grid.stretches) {
            copy_async(ring, slot + in_warp * 4, p.u, fetch_at);
            copy_async(ring, slot + kGroup + in_warp * 4, p.xz, 2 * fetch_at + gate_place);
            copy_async(ring, slot + 2 * kGroup + in_warp * 4, p.x_projection, fetch_dt);
            fetch_from += Mine::tokens;
            if (fetch_from < fetched.length) {
                if (fetch_from + token < fetched.length) {
                    fetch_at += group_step;
                    fetch_dt += dt_step;
                }
            } else {
                fetch_index += grid.stride;
                fetch_from = 0;
                if (fetch_index < grid.stretches) {
                    fetched = stretch_of(p, grid, direction, fetch_index);
                    fetch_at = first_values(fetched);
                    fetch_dt = first_dt(fetched);
                }
            }
        }
        commit_copies();
        slot = slot == (DEPTH - 1) * kRing ? 0 : slot + kRing;
    };

    /* Skip and gate of the groups that are being prepared, gone through, and finished. */
    struct Rest {
        Float4 skip;
        Float4 gate;
    };
    const auto prepare = [&](int half) {
        const Float4 u = ring.load4(slot + in_warp * 4);
        const Float4 z = ring.load4(slot + kGroup + in_warp * 4);
        const Float4 dt = ring.load4(slot + 2 * kGroup + in_warp * 4);
        Float4 delta = dt_bias;
        Float4 input;
        Rest rest;
#pragma unroll
        for (int k = 0; k < 4; ++k) {
#pragma unroll
            for (int r = 0; r < kRank; ++r) {
                delta.v[k] = fmaf(dt_weight[r].v[k], dt.v[r], delta.v[k]);
            }
            delta.v[k] = softplus(delta.v[k]);
            input.v[k] = delta.v[k] * u.v[k];
            rest.skip.v[k] = d.v[k] * u.v[k];
            if constexpr (RELIEF == 0) {
                rest.gate.v[k] = silu(z.v[k]);
            }
        }
        if constexpr (RELIEF > 0) {
#pragma unroll
            for (int k = 0; k < 4; k += 2) {
                silu_of_two(z.v[k], z.v[k + 1], rest.gate.v[k], rest.gate.v[k + 1]);
            }
        }
#pragma unroll
        for (int pair = 0; pair < 2; ++pair) {
            pairs.store4(half * kPairs + ((token * 2 + pair) * Mine::quads + quad) * 4,
                         {delta.v[2 * pair], input.v[2 * pair], delta.v[2 * pair + 1], input.v[2 * pair + 1]});
        }
        return rest;
    };
    std::int64_t finished_at = 0;
    bool finishes = false;
    const auto finish = [&](int half, const Rest &rest) {
        Float4 sum = sums.load4(half * kSums + token * Mine::wide + quad * 4);
#pragma unroll
        for (int lane = 1; lane < LANES; ++lane) {
            const Float4 share = sums.load4(half * kSums + lane * Mine::sums + token * Mine::wide + quad * 4);
#pragma unroll
            for (int k = 0; k < 4; ++k) {
                sum.v[k] += share.v[k];
            }
        }
#pragma unroll
        for (int k = 0; k < 4; ++k) {
            sum.v[k] = (rest.skip.v[k] + sum.v[k]) * rest.gate.v[k];
        }
        if (finishes) {
            p.y.store4(finished_at, sum);
        }
    };

    int buffer = 0;
    stager.begin(buffer, fetched.row, fetched.length, 0);
    for (int i = 0; i < DEPTH; ++i) {
        fetch();
    }
    wait_for_copies();
    Rest before = {};
    Rest now_rest = prepare(0);
    fetch();
    int half = 0; /* of pairs and sums, of the group that is gone through */
    for (int index = first_index; index < grid.stretches; index += grid.stride) {
        const Stretch now = stretch_of(p, grid, direction, index);
        std::int64_t y_at = first_values(now);
        for (int chunk = 0; chunk < now.length; chunk += kScanChunk) {
            const int chunk_end = min(chunk + kScanChunk, now.length);
#pragma unroll 1
            for (int group = chunk; group < chunk_end; group += Mine::tokens) {
                meet_pair();
                if (group == chunk) {
                    /* The other buffer's last rows were gone through before this barrier. */
                    const int other = kScanChunk * kRow - buffer;
                    if (chunk + kScanChunk < now.length) {
                        stager.begin(other, now.row, now.length, chunk + kScanChunk);
                    } else if (index + grid.stride < grid.stretches) {
                        const Stretch next = stretch_of(p, grid, direction, index + grid.stride);
                        stager.begin(other, next.row, next.length, 0);
                    }
                    buffer = other;
                }
                finish(1 - half, before);
                finished_at = y_at;
                finishes = group + token < now.length && exists;
                y_at += group_step;
                before = now_rest;
                wait_for_groups<DEPTH - 1>();
                now_rest = prepare(1 - half);
                fetch();
                half = 1 - half;
                if (group + Mine::tokens >= chunk_end) {
                    /* The next chunk's rows came with the fetch of this chunk's first group. */
                    if (chunk_end - chunk > (DEPTH - 1) * Mine::tokens) {
                        wait_for_groups<DEPTH - 1>();
                    } else {
                        wait_for_copies();
                    }
                }
            }
        }
    }
    meet_pair();
    finish(1 - half, before);
}

template <int LANES, int CHANNELS, int RELIEF, int DEPTH>
cudaError_t launch_paired(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    using namespace scan_tiled_details;
    using Mine = Tile<LANES, CHANNELS>;
    constexpr std::size_t kFloats =
        2 * kScanChunk * kRow + kWarps * (2 * 2 * kGroup + 2 * LANES * Mine::sums + DEPTH * 3 * kGroup);
    return launch_scan_grid("scan_paired", scan_paired<LANES, CHANNELS, RELIEF, DEPTH>, 2 * kScanThreads,
                            kWarps * Mine::wide, kFloats * sizeof(float), false, scan, plan, stream);
}

} // namespace earshot
