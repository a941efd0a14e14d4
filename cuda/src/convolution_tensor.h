/*
 * Convolutions on tensor cores: those of the dense encoder (3x3 dilated, 64 to 256 channels to 64, 500 x 64 positions),
 * and of the blocks of SE-Trans and MobileASCNet.
 *
 * Idea: an implicit product of 64, 128 or 256 positions by 64 output channels with the multiply of tensor_tile.h. A tile's
 * frames lie one dilation apart, so that their 3 taps in time need 2 more rows of input, not 2 dilations more. One chunk
 * of channels (32 words of each position) at a time is copied to shared memory with its halo by cp.async, by warps that do
 * nothing else, while the chunk before it is multiplied; all taps read it there, each by another shift. Weights follow two taps ahead. Planes of a dense block are read where their
 * norms left them: no concatenation. Statistics for the norm behind it come from the sums while they are in registers.
 *
 * Bytes (paper size, layer i = 0 to 3, one clip): (i + 1) * 8.2 MB read 1.33 times (halo; from L2), 8.2 MB written,
 * (i + 1) * 0.15 MB of weights a block from L2, 126 blocks of 256 positions: 47 MB for layer 3. Flops: (i + 1) * 2.36 G.
 * Predicted on an H200: HALF_SPLIT three times that at the 630 TFLOP/s of mma.sync, (i + 1) * 11.2 us; shared memory and
 * L1 deliver a step's words in two thirds of that time, so three quarters of it should be reached, (i + 1) * 15 us.
 * HALF and BF16_PAIRS (i + 1) * 3.7 us by arithmetic, about as much by shared memory: (i + 1) * 6 us.
 */
#pragma once

#include "convolution_statistics.h"

#include <algorithm>

#include "runtime.h"
#include "vectors.h"

namespace earshot {

namespace convolution_tensor {

constexpr int ROW_WARPS = 4;
constexpr int COLUMN_WARPS = 2;
constexpr int WARP_TILES = 4; /* of 8 channels */
constexpr int BLOCK_CHANNELS = COLUMN_WARPS * WARP_TILES * 8;
constexpr int STAGES = 2;
/* Taps whose weights are in shared memory: the one that is multiplied and two that are under way. */
constexpr int WEIGHT_STAGES = 3;
constexpr int PIECES = CHUNK_WORDS / 4;

/* Rows and columns of input that a tile needs. */
__host__ __device__ inline int halo_rows(const Convolution &c, int tile_frames) {
    return tile_frames + c.geometry.kernel_time - 1;
}
__host__ __device__ inline int halo_columns(const Convolution &c, int tile_bands) {
    return (tile_bands - 1) * c.geometry.stride_frequency + c.geometry.kernel_frequency;
}
/* Words of a tap's weights for one chunk of channels, for each of the two columns of warps. */
__host__ __device__ constexpr int tap_words(Arithmetic a) { return chunk_steps(a) * step_words(a, WARP_TILES); }
inline std::size_t shared_bytes(const Convolution &c, Arithmetic a, int tile_frames, int tile_bands) {
    const auto cells = static_cast<std::size_t>(halo_rows(c, tile_frames)) *
                       static_cast<std::size_t>(halo_columns(c, tile_bands));
    const auto weights = static_cast<std::size_t>(WEIGHT_STAGES * COLUMN_WARPS * tap_words(a));
    return std::max((cells * (STAGES * ROW_WORDS + 1) + weights) * sizeof(std::uint32_t), STATISTICS_BYTES);
}

/* VECTOR: channels may be copied four at a time; always so for pairs. */
template <Arithmetic A, int ROWS, bool VECTOR>
__global__ void __launch_bounds__(PRODUCED_THREADS, 1)
    tensor_convolution_kernel(Convolution c) {
    begin_kernel();
    constexpr int TAP = tap_words(A);
    const ConvolutionGeometry &g = c.geometry;
    const int columns = halo_columns(c, c.tiles.bands);
    const int cells = halo_rows(c, c.tiles.frames) * columns;
    const Shared<std::uint32_t> taps_weights(0, WEIGHT_STAGES * COLUMN_WARPS * TAP);
    const Shared<std::uint32_t> stages(WEIGHT_STAGES * COLUMN_WARPS * TAP * 4, STAGES * cells * ROW_WORDS);
    /* Each cell's position in a clip, or -1 outside. */
    const Shared<int> positions((WEIGHT_STAGES * COLUMN_WARPS * TAP + STAGES * cells * ROW_WORDS) * 4, cells);
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const int row_warp = warp / COLUMN_WARPS;
    const int column_tile = static_cast<int>(blockIdx.y) * COLUMN_WARPS + warp % COLUMN_WARPS;
    const int tile_index = static_cast<int>(blockIdx.x % static_cast<unsigned>(c.tiles.count()));
    const std::int64_t clip = blockIdx.x / static_cast<unsigned>(c.tiles.count());
    const ConvolutionTile tile(c.tiles, tile_index);

    for (int cell = static_cast<int>(threadIdx.x); cell < cells; cell += PRODUCED_THREADS) {
        const int frame = tile.frame + cell / columns * g.dilation_time - g.padding_time;
        const int band = tile.band * g.stride_frequency + cell % columns - g.padding_frequency;
        positions[cell] = frame >= 0 && frame < c.frames && band >= 0 && band < c.bands ? frame * c.bands + band : -1;
    }

    const int chunks = (c.input.channels + chunk_numbers(A) - 1) / chunk_numbers(A);
    const int position_words = takes_pairs(A) ? chunks * CHUNK_WORDS : c.input.channels;
    const std::int64_t clip_words = clip * c.frames * c.bands * position_words;
    const int all = (c.first + 1) * chunks;
    const int producer = static_cast<int>(threadIdx.x) - TENSOR_THREADS;
    const bool produces = producer >= 0;
    /* Copies the cells first to end - 1 of a chunk, by the producers. */
    const auto fetch_cells = [&](int index, int first, int end) {
        const int plane = c.first - index / chunks;
        const int word = index % chunks * CHUNK_WORDS + producer % PIECES * 4;
        const std::int64_t base = plane * c.input.plane_step + clip_words;
        const int stage = index % STAGES * cells * ROW_WORDS + producer % PIECES * 4;
#pragma unroll 4
        for (int cell = first + producer / PIECES; cell < end; cell += PRODUCERS / PIECES) {
            const int position = positions[cell];
            const std::int64_t from = base + static_cast<std::int64_t>(position) * position_words + word;
            const int at = stage + cell * ROW_WORDS;
            if constexpr (VECTOR) {
                const bool present = position >= 0 && word < position_words;
                copy_or_zero<4>(stages, at, c.input.words, present ? from : base, present);
            } else {
                for (int j = 0; j < 4; ++j) {
                    const bool present = position >= 0 && word + j < position_words;
                    copy_or_zero<1>(stages, at + j, c.input.words, present ? from + j : base, present);
                }
            }
        }
    };
    const int taps = g.kernel_time * g.kernel_frequency;
    const int iterations = all * taps;
    const auto fetch_weights = [&](int iteration) {
        if (iteration < iterations) {
#pragma unroll
            for (int i = 0; i < COLUMN_WARPS; ++i) {
                const std::int64_t column = static_cast<std::int64_t>(blockIdx.y) * COLUMN_WARPS + i;
                copy_weights<PRODUCERS>(taps_weights, (iteration % WEIGHT_STAGES * COLUMN_WARPS + i) * TAP, c.weights,
                                        (column * iterations + iteration) * TAP, TAP, producer);
            }
        }
    };
    /* A chunk's cells are copied during as many taps of the chunk before it as leave two to wait for them. */
    const int fetching_taps = taps > 2 ? taps - 2 : 1;

    __syncthreads();
    if (produces) {
        fetch_cells(0, 0, cells);
        fetch_weights(0);
        commit_copies();
        fetch_weights(1);
        commit_copies();
        int tap = 0;
        int index = 0;
        for (int iteration = 0; iteration < iterations; ++iteration) {
            /* What the iteration before this one began is needed in the next one, if a chunk has but one tap. */
            if (taps == 1) {
                wait_for_groups<0>();
            } else {
                wait_for_groups<1>();
            }
            /* Behind it all warps see this tap's weights and cells, and none reads the last tap's any more. */
            meet();
            fetch_weights(iteration + 2);
            if (index + 1 < all && tap < fetching_taps) {
                fetch_cells(index + 1, cells * tap / fetching_taps, cells * (tap + 1) / fetching_taps);
            }
            commit_copies();
            ++tap;
            if (tap == taps) {
                tap = 0;
                ++index;
            }
        }
    }

    /* 16 rows of sums are 16 bands of one frame. */
    const int band_tiles = c.tiles.bands / 16;
    const auto frame_of = [&](int r) { return (row_warp * ROWS + r) / band_tiles; };
    const auto band_of = [&](int r) { return (row_warp * ROWS + r) % band_tiles * 16; };
    TileSums<ROWS, WARP_TILES> sums;
    if (!produces) {
        int place[ROWS];
#pragma unroll
        for (int r = 0; r < ROWS; ++r) {
            place[r] = lane_place<A>((frame_of(r) * columns + band_of(r) * g.stride_frequency) * ROW_WORDS,
                                     g.stride_frequency * ROW_WORDS, lane);
        }
        int iteration = 0;
        for (int index = 0; index < all; ++index) {
            const int stage = index % STAGES * cells * ROW_WORDS;
            for (int tap_time = 0; tap_time < g.kernel_time; ++tap_time) {
                for (int tap_band = 0; tap_band < g.kernel_frequency; ++tap_band, ++iteration) {
                    meet();
                    int here[ROWS];
#pragma unroll
                    for (int r = 0; r < ROWS; ++r) {
                        here[r] = place[r] + stage + (tap_time * columns + tap_band) * ROW_WORDS;
                    }
                    multiply_steps<A, chunk_steps(A)>(
                        sums, stages, here, 8 * g.stride_frequency * ROW_WORDS, taps_weights,
                        (iteration % WEIGHT_STAGES * COLUMN_WARPS + warp % COLUMN_WARPS) * TAP, lane);
                }
            }
        }
    }

    const int channel0 = static_cast<int>(blockIdx.y) * BLOCK_CHANNELS;
    const auto frame_out = [&](int r) { return tile.frame + frame_of(r) * tile.step; };
    const auto band_out = [&](int r, int half) { return tile.band + band_of(r) + half * 8 + lane / 4; };
    const auto inside = [&](int r, int half) {
        return frame_out(r) < c.tiles.frames_out && band_out(r, half) < c.tiles.bands_out;
    };
    const bool whole = c.channels_out % BLOCK_CHANNELS == 0 &&
                       tile.count(c.tiles) == c.tiles.frames * c.tiles.bands;
#pragma unroll
    for (int pair = 0; !produces && pair < 2; ++pair) {
        const int channel = column_tile * 32 + pair * 16 + lane % 4 * 4;
        Float4 scale = {{1.0F, 1.0F, 1.0F, 1.0F}};
        Float4 bias = {};
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            if (channel + i < c.channels_out) {
                scale.v[i] = c.scale.empty() ? 1.0F : c.scale[channel + i] * c.common_scale;
                bias.v[i] = c.bias.empty() ? 0.0F : c.bias[channel + i];
            }
        }
        const auto finish = [&](int i) {
            Float4 y;
#pragma unroll
            for (int k = 0; k < 4; ++k) {
                float &sum = sums.fragment[i / 2][pair * 2 + k / 2].v[i % 2 * 2 + k % 2];
                sum = fmaf(sum, scale.v[k], bias.v[k]);
                y.v[k] = sum;
            }
            return y;
        };
        const auto place_of = [&](int i) {
            return ((clip * c.tiles.frames_out + frame_out(i / 2)) * c.tiles.bands_out + band_out(i / 2, i % 2)) *
                       c.channels_out +
                   channel;
        };
        /* Without branches where nothing has to be left out, so that no store waits for the one before it. */
        if (whole) {
#pragma unroll
            for (int i = 0; i < 2 * ROWS; ++i) {
                c.out.store4(place_of(i), finish(i));
            }
            continue;
        }
#pragma unroll
        for (int i = 0; i < 2 * ROWS; ++i) {
            const Float4 y = finish(i);
            if (!inside(i / 2, i % 2)) {
                continue;
            }
            if (c.channels_out % 4 == 0) {
                if (channel < c.channels_out) {
                    c.out.store4(place_of(i), y);
                }
            } else {
#pragma unroll
                for (int k = 0; k < 4; ++k) {
                    if (channel + k < c.channels_out) {
                        c.out[place_of(i) + k] = y.v[k];
                    }
                }
            }
        }
    }
    if (!c.statistics.empty()) {
        write_statistics<2 * ROWS>(
            c, tile, channel0, clip, tile_index, row_warp, !produces,
            [&](int r, int i) { return sums.fragment[r / 2][i / 2].v[r % 2 * 2 + i % 2]; },
            [&](int r) { return inside(r / 2, r % 2); },
            [&](int i) { return warp % COLUMN_WARPS * 32 + interleaved_column(i / 2, lane % 4 * 2 + i % 2); });
    }
}

template <Arithmetic A, int ROWS, bool VECTOR> cudaError_t enqueue_as(const Convolution &c, cudaStream_t stream) {
    const dim3 grid(static_cast<unsigned>(c.tiles.count() * c.batch),
                    static_cast<unsigned>(divide_up(c.channels_out, BLOCK_CHANNELS)));
    const std::size_t bytes = shared_bytes(c, A, c.tiles.frames, c.tiles.bands);
    const auto kernel = tensor_convolution_kernel<A, ROWS, VECTOR>;
    const cudaError_t allowed = allow_shared(kernel, bytes);
    return allowed != cudaSuccess
               ? allowed
               : launch("convolution", kernel, grid, dim3(PRODUCED_THREADS), bytes, stream, c);
}

template <Arithmetic A, bool VECTOR> cudaError_t enqueue_as(const Convolution &c, cudaStream_t stream) {
    switch (c.tiles.frames * c.tiles.bands / (ROW_WARPS * 16)) {
    case 4:
        if constexpr (A != Arithmetic::SPLIT) {
            return enqueue_as<A, 4, VECTOR>(c, stream);
        }
        return cudaErrorInvalidValue;
    case 2:
        return enqueue_as<A, 2, VECTOR>(c, stream);
    default:
        return enqueue_as<A, 1, VECTOR>(c, stream);
    }
}

} // namespace convolution_tensor

template <Arithmetic A> cudaError_t enqueue_tensor(const Convolution &c, cudaStream_t stream) {
    if constexpr (takes_pairs(A)) {
        return convolution_tensor::enqueue_as<A, true>(c, stream);
    } else {
        return in_fours(c.input.channels, {c.input.words.data()}) && c.input.plane_step % 4 == 0
                   ? convolution_tensor::enqueue_as<A, true>(c, stream)
                   : convolution_tensor::enqueue_as<A, false>(c, stream);
    }
}

} // namespace earshot
