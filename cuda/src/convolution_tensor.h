/*
 * Convolutions on tensor cores: those of the dense encoder (3x3 dilated, 64 to 256 channels to 64, 500 x 64 positions),
 * and of the blocks of SE-Trans and MobileASCNet.
 *
 * Idea: an implicit product of 64, 128 or 256 positions by 64 output channels with the multiply of tensor_tile.h. A
 * tile's frames lie one dilation apart, so that their 3 taps in time need 2 more rows of input, not 2 dilations more.
 * One chunk of channels (32 words of each position) at a time is copied to shared memory with its halo by cp.async
 * while the chunk before it is multiplied; all taps read it there, each by another shift. Planes of a dense block are
 * read where their norms left them: no concatenation. Weights come from L2 and, for the other three warps of the same
 * channels, from L1 into registers. Statistics for the norm behind it come from the sums while they are in registers.
 *
 * Bytes (paper size, layer i = 0 to 3, one clip): (i + 1) * 8.2 MB read 1.33 times (halo; from L2), 8.2 MB written,
 * (i + 1) * 0.15 MB of weights a block from L2, 126 blocks of 256 positions: 74 MB for layer 3. Flops: (i + 1) * 2.36
 * G. Limit on an H200 with HALF_SPLIT: three times that at the 630 TFLOP/s of mma.sync, (i + 1) * 11.2 us. Measured
 * there (ncu, revision 1f30366): 27, 47, 67 and 88 us for the four layers, 7 us and (i + 1) * 20. Two variants were
 * slower: weights through shared memory, a tap at a time with a barrier each (32, 58, 84, 111: half of the instructions
 * were those of copies, issued by all warps at the same time), and the same with warps of their own for the copies (89
 * for the third layer).
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
constexpr int PIECES = CHUNK_WORDS / 4;

/* Rows and columns of input that a tile needs. */
__host__ __device__ inline int halo_rows(const Convolution &c, int tile_frames) {
    return tile_frames + c.geometry.kernel_time - 1;
}
__host__ __device__ inline int halo_columns(const Convolution &c, int tile_bands) {
    return (tile_bands - 1) * c.geometry.stride_frequency + c.geometry.kernel_frequency;
}
/*
 * Steps whose weights a warp has under way from L2 while it multiplies: one where a step is long (48 instructions of
 * the tensor cores), more where it is short, as far as registers go.
 */
__host__ __device__ constexpr int steps_ahead(Arithmetic a, int rows) {
    return splits(a) ? (rows == 4 ? 1 : 2) : chunk_steps(a);
}
inline std::size_t shared_bytes(const Convolution &c, int tile_frames, int tile_bands) {
    const auto cells =
        static_cast<std::size_t>(halo_rows(c, tile_frames)) * static_cast<std::size_t>(halo_columns(c, tile_bands));
    return std::max(cells * (STAGES * ROW_WORDS + 1) * sizeof(std::uint32_t), STATISTICS_BYTES);
}

/* VECTOR: channels may be copied four at a time; always so for pairs. */
template <Arithmetic A, int ROWS, bool VECTOR>
__global__ void __launch_bounds__(TENSOR_THREADS, ROWS == 4 || (ROWS == 2 && splits(A)) ? 1 : 2)
    tensor_convolution_kernel(Convolution c) {
    begin_kernel();
    constexpr int STEPS = chunk_steps(A);
    constexpr int STEP = step_words(A, WARP_TILES);
    constexpr int AHEAD = steps_ahead(A, ROWS);
    const ConvolutionGeometry &g = c.geometry;
    const int columns = halo_columns(c, c.tiles.bands);
    const int cells = halo_rows(c, c.tiles.frames) * columns;
    const Shared<std::uint32_t> stages(0, STAGES * cells * ROW_WORDS);
    /* Each cell's position in a clip, or -1 outside. */
    const Shared<int> positions(STAGES * cells * ROW_WORDS * 4, cells);
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const int row_warp = warp / COLUMN_WARPS;
    const int column_tile = static_cast<int>(blockIdx.y) * COLUMN_WARPS + warp % COLUMN_WARPS;
    const int tile_index = static_cast<int>(blockIdx.x % static_cast<unsigned>(c.tiles.count()));
    const std::int64_t clip = blockIdx.x / static_cast<unsigned>(c.tiles.count());
    const ConvolutionTile tile(c.tiles, tile_index);

    for (int cell = static_cast<int>(threadIdx.x); cell < cells; cell += TENSOR_THREADS) {
        const int frame = tile.frame + cell / columns * g.dilation_time - g.padding_time;
        const int band = tile.band * g.stride_frequency + cell % columns - g.padding_frequency;
        positions[cell] = frame >= 0 && frame < c.frames && band >= 0 && band < c.bands ? frame * c.bands + band : -1;
    }

    const int chunks = (c.input.channels + chunk_numbers(A) - 1) / chunk_numbers(A);
    const int position_words = takes_pairs(A) ? chunks * CHUNK_WORDS : c.input.channels;
    const std::int64_t clip_words = clip * c.frames * c.bands * position_words;
    const int all = (c.first + 1) * chunks;
    const auto fetch = [&](int index) {
        const int plane = c.first - index / chunks;
        const int word = index % chunks * CHUNK_WORDS + static_cast<int>(threadIdx.x) % PIECES * 4;
        const std::int64_t base = plane * c.input.plane_step + clip_words;
        const int stage = index % STAGES * cells * ROW_WORDS + static_cast<int>(threadIdx.x) % PIECES * 4;
        for (int cell = static_cast<int>(threadIdx.x) / PIECES; cell < cells; cell += TENSOR_THREADS / PIECES) {
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

    /* 16 rows of sums are 16 bands of one frame. */
    const int band_tiles = c.tiles.bands / 16;
    const auto frame_of = [&](int r) { return (row_warp * ROWS + r) / band_tiles; };
    const auto band_of = [&](int r) { return (row_warp * ROWS + r) % band_tiles * 16; };
    TileSums<ROWS, WARP_TILES> sums;
    int place[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; ++r) {
        place[r] = lane_place<A>((frame_of(r) * columns + band_of(r) * g.stride_frequency) * ROW_WORDS,
                                 g.stride_frequency * ROW_WORDS, lane);
    }
    const int taps = g.kernel_time * g.kernel_frequency;
    std::int64_t at = static_cast<std::int64_t>(column_tile) * all * taps * STEPS * STEP;
    const std::int64_t last = at + (static_cast<std::int64_t>(all) * taps * STEPS - 1) * STEP;
    StepWeights<A, WARP_TILES> ahead[AHEAD];
#pragma unroll
    for (int i = 0; i < AHEAD; ++i) {
        ahead[i].load(c.weights, min(at + i * STEP, last), lane);
    }
    __syncthreads();
    fetch(0);
    commit_copies();
    for (int index = 0; index < all; ++index) {
        wait_for_groups<0>();
        /* Behind it all warps see the chunk, and none reads the one before it any more. */
        __syncthreads();
        if (index + 1 < all) {
            fetch(index + 1);
        }
        commit_copies();
        const int stage = index % STAGES * cells * ROW_WORDS;
        for (int tap_time = 0; tap_time < g.kernel_time; ++tap_time) {
            for (int tap_band = 0; tap_band < g.kernel_frequency; ++tap_band) {
                int here[ROWS];
#pragma unroll
                for (int r = 0; r < ROWS; ++r) {
                    here[r] = place[r] + stage + (tap_time * columns + tap_band) * ROW_WORDS;
                }
#pragma unroll
                for (int step = 0; step < STEPS; ++step) {
                    const StepWeights<A, WARP_TILES> weights = ahead[step % AHEAD];
                    ahead[step % AHEAD].load(c.weights, min(at + AHEAD * STEP, last), lane);
                    at += STEP;
                    multiply_step_rounded<A>(sums, stages, here, 8 * g.stride_frequency * ROW_WORDS, step, weights);
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
    const bool whole = c.channels_out % BLOCK_CHANNELS == 0 && tile.count(c.tiles) == c.tiles.frames * c.tiles.bands;
#pragma unroll
    for (int pair = 0; pair < 2; ++pair) {
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
            c, tile, channel0, clip, tile_index, row_warp,
            [&](int r, int i) { return sums.fragment[r / 2][i / 2].v[r % 2 * 2 + i % 2]; },
            [&](int r) { return inside(r / 2, r % 2); },
            [&](int i) { return warp % COLUMN_WARPS * 32 + interleaved_column(i / 2, lane % 4 * 2 + i % 2); });
    }
}

template <Arithmetic A, int ROWS, bool VECTOR>
cudaError_t enqueue_as(const Convolution &c, cudaStream_t stream) {
    const dim3 grid(static_cast<unsigned>(c.tiles.count() * c.batch),
                    static_cast<unsigned>(divide_up(c.channels_out, BLOCK_CHANNELS)));
    const std::size_t bytes = shared_bytes(c, c.tiles.frames, c.tiles.bands);
    const auto kernel = tensor_convolution_kernel<A, ROWS, VECTOR>;
    const cudaError_t allowed = allow_shared(kernel, bytes);
    return allowed != cudaSuccess ? allowed
                                  : launch("convolution", kernel, grid, dim3(TENSOR_THREADS), bytes, stream, c);
}

template <Arithmetic A, bool VECTOR>
cudaError_t enqueue_as(const Convolution &c, cudaStream_t stream) {
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

template <Arithmetic A>
cudaError_t enqueue_tensor(const Convolution &c, cudaStream_t stream) {
    if constexpr (takes_pairs(A)) {
        return convolution_tensor::enqueue_as<A, true>(c, stream);
    } else {
        return in_fours(c.input.channels, {c.input.words.data()}) && c.input.plane_step % 4 == 0
                   ? convolution_tensor::enqueue_as<A, true>(c, stream)
                   : convolution_tensor::enqueue_as<A, false>(c, stream);
    }
}

} // namespace earshot
