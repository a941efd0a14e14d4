/* The gate of a squeeze and excitation, made by a block for itself. */
#pragma once

#include "affine.h"
#include "convolution.h"

namespace earshot {

/*
 * gate = sigmoid(widen relu(narrow s)), s [C] being the mean of a plane, added up from the slots of `pools`: shares of
 * the mean; or, with `of_tiles`, the statistics of the convolution that made the plane, whose slots are its tiles, at
 * most MOST_GATE_TILES.
 */
struct Squeeze {
    std::int32_t slots;
    bool of_tiles;
    ConvolutionTiles tiles;
    Span<const float> pools; /* [B, slots, C], or [B, slots, 2, C] of which the first are means */
    Affine narrow;
    Affine widen;

    /* A tile's share of the mean. */
    __device__ __forceinline__ float weight(int tile) const {
        return static_cast<float>(ConvolutionTile(tiles, tile).count(tiles)) /
               (static_cast<float>(tiles.frames_out) * static_cast<float>(tiles.bands_out));
    }
};

/* Threads of the blocks that make a gate of a squeeze, each for itself, and the most tiles that one may have. */
constexpr int GATE_THREADS = 256;
constexpr int MOST_GATE_TILES = GATE_THREADS;

/* Whether a block can: all of it lies in shared memory. */
inline bool fits_gate(std::int32_t channels, std::int32_t hidden) {
    return channels <= 1024 && hidden <= 1024;
}

/* How a block's shared memory, from its start on, is laid out to make a gate; the gate lies there first. */
struct GateLayout {
    int channels; /* of the gate, in fours */
    int shares;
    int inner;
    int weights; /* of each of the two maps, if both are few enough to be fetched beforehand, or 0 */

    __host__ __device__ constexpr GateLayout(int gates, int hidden)
        : channels((gates + 3) / 4 * 4), shares(channels > 4 * GATE_THREADS ? channels : 4 * GATE_THREADS),
          inner((hidden + 3) / 4 * 4), weights(gates * hidden % 4 == 0 && gates * hidden <= 2048 ? gates * hidden : 0) {
    }
    __host__ __device__ constexpr int fetched() const { return 2 * channels + shares + inner; }
    __host__ __device__ constexpr int tiles() const { return fetched() + 2 * weights; }
    __host__ __device__ constexpr int floats() const { return tiles() + MOST_GATE_TILES; }
};

/* Begins to fetch the weights of a gate; make_gate waits for them. */
__device__ __forceinline__ void fetch_gate(const Squeeze &s) {
    const GateLayout l(s.widen.outputs, s.narrow.outputs);
    const Shared<float> weights(l.fetched() * static_cast<int>(sizeof(float)), 2 * l.weights);
    for (int i = static_cast<int>(threadIdx.x) * 4; i < l.weights; i += GATE_THREADS * 4) {
        copy_async(weights, i, s.narrow.weight, i);
        copy_async(weights, l.weights + i, s.widen.weight, i);
    }
}

/* The gate of a clip into shared memory [C], by GATE_THREADS threads, behind fetch_gate; with a barrier behind it. */
__device__ __forceinline__ Shared<float> make_gate(const Squeeze &s, std::int64_t clip) {
    const int channels = s.widen.outputs;
    const int hidden = s.narrow.outputs;
    const GateLayout l(channels, hidden);
    const auto bytes = [](int floats) { return floats * static_cast<int>(sizeof(float)); };
    const Shared<float> gate(0, l.channels);
    const Shared<float> squeezed(bytes(l.channels), l.channels);
    const Shared<float> partial(bytes(2 * l.channels), l.shares);
    const Shared<float> inner(bytes(2 * l.channels + l.shares), hidden);
    const Shared<float> weights(bytes(l.fetched()), 2 * l.weights);
    const Shared<float> tiles(bytes(l.tiles()), MOST_GATE_TILES);
    const int thread = static_cast<int>(threadIdx.x);
    const std::int64_t step = (s.of_tiles ? 2 : 1) * channels;
    const std::int64_t first = clip * s.slots * step;
    if (s.of_tiles) {
        if (thread < s.slots) {
            tiles[thread] = s.weight(thread);
        }
        __syncthreads();
    }
    const auto weight_of = [&](int slot) { return s.of_tiles ? tiles[slot] : 1.0F; };
    const bool vector = channels % 4 == 0;
    const int items = vector ? channels / 4 : channels;
    const int groups = items < GATE_THREADS ? GATE_THREADS / items : 1;
    for (int i = thread; i < items * groups; i += GATE_THREADS) {
        const int item = i % items;
        const int group = i / items;
        if (vector) {
            Float4 sum = {};
#pragma unroll 8
            for (int slot = group; slot < s.slots; slot += groups) {
                const Float4 share = s.pools.load4(first + slot * step + item * 4);
                const float weight = weight_of(slot);
#pragma unroll
                for (int k = 0; k < 4; ++k) {
                    sum.v[k] = fmaf(share.v[k], weight, sum.v[k]);
                }
            }
            partial.store4(group * channels + item * 4, sum);
        } else {
            float sum = 0.0F;
            for (int slot = group; slot < s.slots; slot += groups) {
                sum = fmaf(s.pools[first + slot * step + item], weight_of(slot), sum);
            }
            partial[group * channels + item] = sum;
        }
    }
    wait_for_copies();
    __syncthreads();
    for (int c = thread; c < channels; c += GATE_THREADS) {
        float sum = 0.0F;
        for (int group = 0; group < groups; ++group) {
            sum += partial[group * channels + c];
        }
        squeezed[c] = sum;
    }
    __syncthreads();
    for (int i = thread / 32; i < hidden; i += GATE_THREADS / 32) {
        float sum = 0.0F;
        for (int k = thread % 32; k < channels; k += 32) {
            const int at = i * channels + k;
            sum = fmaf(l.weights > 0 ? weights[at] : s.narrow.weight[at], squeezed[k], sum);
        }
        sum = warp_sum(sum);
        if (thread % 32 == 0) {
            inner[i] = relu(sum);
        }
    }
    __syncthreads();
    for (int c = thread; c < channels; c += GATE_THREADS) {
        float sum = 0.0F;
#pragma unroll 4
        for (int k = 0; k < hidden; ++k) {
            const int at = c * hidden + k;
            sum = fmaf(l.weights > 0 ? weights[l.weights + at] : s.widen.weight[at], inner[k], sum);
        }
        gate[c] = sigmoid(sum);
    }
    __syncthreads();
    return gate;
}

} // namespace earshot
