/*
 * Convolutions with float32 multiply-adds: of few input channels, where tensor cores have nothing to win, and for
 * devices without the tensor cores' TF32.
 *
 * Idea: an implicit product of 128 positions (4 frames by 32 bands) by 64 output channels with the multiply of
 * scalar_tile.h. For 16 channels at a time the rows with their halo are read once and put into shared memory; all taps
 * then read them there, each by another shift.
 */
#include "convolution_statistics.h"

#include <algorithm>

#include "vectors.h"

namespace earshot {

namespace {

/* Four numbers a thread and pass; passes are unrolled so that a pass's loads are all under way at once. */
constexpr int LOADS = 4;
constexpr int QUADS = TILE_CHUNK / 4;

/* Rows and columns of input that a tile needs. */
__host__ __device__ int halo_rows(const Convolution &c) {
    return c.tiles.frames + c.geometry.kernel_time - 1;
}
__host__ __device__ int halo_columns(const Convolution &c) {
    return (c.tiles.bands - 1) * c.geometry.stride_frequency + c.geometry.kernel_frequency;
}

/* Channels channel to channel + 3 of the input at one position; zeros outside. */
__device__ __forceinline__ Float4 read_position(const Convolution &c, const Span<const float> &values, int plane,
                                                std::int64_t clip, int frame, int band, int channel) {
    Float4 x = {{0.0F, 0.0F, 0.0F, 0.0F}};
    if (frame < 0 || frame >= c.frames || band < 0 || band >= c.bands) {
        return x;
    }
    const std::int64_t channels = c.input.channels;
    const std::int64_t position =
        plane * c.input.plane_step + ((clip * c.frames + frame) * c.bands + band) * channels + channel;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        if (channel + i < channels) {
            x.v[i] = values[position + i];
        }
    }
    return x;
}

__global__ void __launch_bounds__(TILE_THREADS, 2)
    scalar_convolution_kernel(Convolution c, Span<const float> values, Span<const float> packed) {
    begin_kernel();
    const ConvolutionGeometry &g = c.geometry;
    const int rows = halo_rows(c);
    const int columns = halo_columns(c);
    const Shared<float> input(0, rows * columns * TILE_ROW_WORDS);
    const Place place;
    const int tile_index = static_cast<int>(blockIdx.x % static_cast<unsigned>(c.tiles.count()));
    const std::int64_t clip = blockIdx.x / static_cast<unsigned>(c.tiles.count());
    const ConvolutionTile tile(c.tiles, tile_index);
    const int channel0 = static_cast<int>(blockIdx.y) * TILE_COLUMNS;
    const int chunks = (c.input.channels + TILE_CHUNK - 1) / TILE_CHUNK;
    const int taps = g.kernel_time * g.kernel_frequency;
    const int all = (c.first + 1) * chunks * taps;
    std::int64_t chunk_weights = static_cast<std::int64_t>(blockIdx.y) * all;
    const std::int64_t last_weights = chunk_weights + all - 1;

    Sums sums;
    int row_words[4];
#pragma unroll
    for (int r = 0; r < 4; ++r) {
        row_words[r] = (place.row / 32 * columns + place.sum_row(r) * g.stride_frequency) * TILE_ROW_WORDS;
    }
    ChunkWeights weights = load_weights(packed, chunk_weights, place);
    for (int plane = c.first; plane >= 0; --plane) {
        for (int chunk = 0; chunk < chunks; ++chunk) {
            const int items = rows * columns * QUADS;
            for (int first = static_cast<int>(threadIdx.x); first < items; first += LOADS * TILE_THREADS) {
                Float4 x[LOADS];
#pragma unroll
                for (int i = 0; i < LOADS; ++i) {
                    const int item = first + i * TILE_THREADS;
                    const int cell = item / QUADS;
                    if (item < items) {
                        x[i] = read_position(c, values, plane, clip,
                                             tile.frame + cell / columns * g.dilation_time - g.padding_time,
                                             tile.band * g.stride_frequency + cell % columns - g.padding_frequency,
                                             chunk * TILE_CHUNK + item % QUADS * 4);
                    }
                }
                if (first == static_cast<int>(threadIdx.x)) {
                    /* All warps are done with the previous chunk; the loads above did not have to wait for that. */
                    __syncthreads();
                }
#pragma unroll
                for (int i = 0; i < LOADS; ++i) {
                    const int item = first + i * TILE_THREADS;
                    if (item < items) {
                        input.store4(item / QUADS * TILE_ROW_WORDS + item % QUADS * 4, x[i]);
                    }
                }
            }
            __syncthreads();
            for (int tap = 0; tap < taps; ++tap) {
                const ChunkWeights current = weights;
                chunk_weights = chunk_weights < last_weights ? chunk_weights + 1 : last_weights;
                weights = load_weights(packed, chunk_weights, place);
                multiply(sums, input, row_words,
                         (tap / g.kernel_frequency * columns + tap % g.kernel_frequency) * TILE_ROW_WORDS, current,
                         place);
            }
        }
    }

    const int frame = tile.frame + place.row / 32 * tile.step;
    const auto inside = [&](int r) {
        return frame < c.tiles.frames_out && tile.band + place.sum_row(r) < c.tiles.bands_out;
    };
#pragma unroll
    for (int i = 0; i < 8; ++i) {
        const int channel = channel0 + place.column + place.sum_column(i);
        if (channel >= c.channels_out) {
            continue;
        }
        const float bias = c.bias.empty() ? 0.0F : c.bias[channel];
#pragma unroll
        for (int r = 0; r < 4; ++r) {
            sums.at(r, i) += bias;
            if (inside(r)) {
                c.out[((clip * c.tiles.frames_out + frame) * c.tiles.bands_out + tile.band + place.sum_row(r)) *
                          c.channels_out +
                      channel] = sums.at(r, i);
            }
        }
    }
    if (!c.statistics.empty()) {
        write_statistics<4>(
            c, tile, channel0, clip, tile_index, place.row / 32, [&](int r, int i) { return sums.at(r, i); }, inside,
            [&](int i) { return place.column + place.sum_column(i); });
    }
}

} // namespace

cudaError_t enqueue_scalar(const Convolution &c, cudaStream_t stream) {
    const dim3 grid(static_cast<unsigned>(c.tiles.count() * c.batch),
                    static_cast<unsigned>(divide_up(c.channels_out, TILE_COLUMNS)));
    const std::size_t input = static_cast<std::size_t>(halo_rows(c)) * static_cast<std::size_t>(halo_columns(c)) *
                              TILE_ROW_WORDS * sizeof(float);
    const std::size_t bytes = std::max(input, STATISTICS_BYTES);
    const cudaError_t allowed = allow_shared(scalar_convolution_kernel, bytes);
    return allowed != cudaSuccess ? allowed
                                  : launch("convolution", scalar_convolution_kernel, grid, dim3(TILE_THREADS), bytes,
                                           stream, c, as_floats(c.input.words), as_floats(c.weights));
}

} // namespace earshot
