/*
 * Dilated convolutions of the dense encoder (3x3, 64 to 256 channels to 64, 500 x 64 positions).
 *
 * Idea: an implicit product of 128 positions (4 frames by 32 bands) by 64 output channels with the multiply of tile.h.
 * The 4 frames of a tile lie one dilation apart, so that their 3 taps in time need 6 rows of input, not 12, whatever
 * the dilation. For 16 (or 32) channels at a time the rows with their halo are read once, normalised, passed through
 * the PReLU and put into shared memory; all taps then read them there, each by another shift. The planes of the dense
 * block are read where their convolutions left them: no concatenation, no pass for the norm. Statistics for the norm
 * behind it come from the sums while they are in registers: mean first, then squared deviations from it, so that
 * nothing cancels.
 *
 * Bytes (paper size, layer i = 0 to 3, one clip): (i + 1) * 8.2 MB read 1.6 times (halo; from L2), 8.2 MB written,
 * (i + 1) * 0.15 MB of weights. Flops: (i + 1) * 2.36 G. Limit on an H200: the flops of float32, (i + 1) * 35 us at
 * 67 TFLOP/s; with TF32 on mma.sync about (i + 1) * 8 us.
 */
#include "convolution.h"

#include <algorithm>

namespace earshot {

namespace {

/* Frames and bands of a tile: a warp's 32 rows are one frame. */
constexpr int TILE_FRAMES = 4;
constexpr int TILE_BANDS = 32;
/* Four numbers a thread and pass; passes are unrolled so that a pass's loads are all under way at once. */
constexpr int LOADS = 4;

/* How a clip's output positions are cut into tiles. */
struct Tiling {
    std::int32_t residues; /* time modulo dilation */
    std::int32_t time;     /* tiles along time for each residue */
    std::int32_t bands;    /* tiles along frequency */
};

__host__ __device__ Tiling tiling(const ConvolutionGeometry &g, std::int64_t frames_out, std::int64_t bands_out) {
    const std::int64_t residues = g.dilation_time < frames_out ? g.dilation_time : frames_out;
    const std::int64_t steps = (frames_out + residues - 1) / residues;
    return {static_cast<std::int32_t>(residues), static_cast<std::int32_t>((steps + TILE_FRAMES - 1) / TILE_FRAMES),
            static_cast<std::int32_t>((bands_out + TILE_BANDS - 1) / TILE_BANDS)};
}

/* The output positions of one tile. */
struct Tile {
    std::int32_t frame; /* of its first row; rows are `step` apart */
    std::int32_t step;
    std::int32_t band;

    __device__ __forceinline__ Tile(const Tiling &tiles, int index) {
        const int band_tile = index % tiles.bands;
        const int time_tile = index / tiles.bands % tiles.time;
        const int residue = index / tiles.bands / tiles.time;
        step = tiles.residues;
        frame = residue + time_tile * TILE_FRAMES * step;
        band = band_tile * TILE_BANDS;
    }

    /* Positions inside the output. */
    __device__ __forceinline__ int count(int frames_out, int bands_out) const {
        const int rows = frame >= frames_out ? 0 : min(TILE_FRAMES, (frames_out - frame + step - 1) / step);
        return rows * min(TILE_BANDS, bands_out - band);
    }
};

/* Rows and columns of input that a tile needs. */
__host__ __device__ int halo_rows(const ConvolutionGeometry &g) { return TILE_FRAMES + g.kernel_time - 1; }
__host__ __device__ int halo_columns(const ConvolutionGeometry &g) {
    return (TILE_BANDS - 1) * g.stride_frequency + g.kernel_frequency;
}

__device__ __forceinline__ float prelu(float x, float slope) { return x > 0.0F ? x : slope * x; }

/* Channels channel to channel + 3 of the input at one position, normalised; zeros outside. */
template <bool VECTOR>
__device__ __forceinline__ Float4 read_position(const Convolution &c, int plane, std::int64_t clip, int frame, int band,
                                                int channel) {
    Float4 x = {{0.0F, 0.0F, 0.0F, 0.0F}};
    if (frame < 0 || frame >= c.frames || band < 0 || band >= c.bands) {
        return x;
    }
    const std::int64_t channels = c.input.channels;
    const std::int64_t position =
        plane * c.input.plane_step + ((clip * c.frames + frame) * c.bands + band) * channels + channel;
    const std::int64_t norm = plane * c.input.norm_step + clip * 2 * channels + channel;
    const std::int64_t slope = plane * channels + channel;
    if constexpr (VECTOR) {
        if (channel < channels) {
            x = c.input.values.load4(position);
            if (!c.input.norms.empty()) {
                const Float4 scales = c.input.norms.load4(norm);
                const Float4 shifts = c.input.norms.load4(norm + channels);
                const Float4 slopes = c.input.slopes.load4(slope);
#pragma unroll
                for (int i = 0; i < 4; ++i) {
                    x.v[i] = prelu(fmaf(x.v[i], scales.v[i], shifts.v[i]), slopes.v[i]);
                }
            }
        }
    } else {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            if (channel + i < channels) {
                x.v[i] = c.input.values[position + i];
                if (!c.input.norms.empty()) {
                    x.v[i] = prelu(fmaf(x.v[i], c.input.norms[norm + i], c.input.norms[norm + channels + i]),
                                   c.input.slopes[slope + i]);
                }
            }
        }
    }
    return x;
}

/* Sum of v over the tile's positions for each column, handed to all threads through `columns` [64] and `parts` [4, 64]. */
__device__ __forceinline__ void sum_columns(float (&v)[8], const Shared<float> &parts, const Shared<float> &columns,
                                            const Place &place) {
#pragma unroll
    for (int c = 0; c < 8; ++c) {
        for (int mask = 4; mask < 32; mask *= 2) {
            v[c] += __shfl_xor_sync(0xFFFFFFFFU, v[c], mask);
        }
        if (place.lane < 4) {
            parts[place.row / 32 * TILE_COLUMNS + place.column + place.sum_column(c)] = v[c];
        }
    }
    __syncthreads();
    if (threadIdx.x < TILE_COLUMNS) {
        const int column = static_cast<int>(threadIdx.x);
        columns[column] = (parts[column] + parts[TILE_COLUMNS + column]) +
                          (parts[2 * TILE_COLUMNS + column] + parts[3 * TILE_COLUMNS + column]);
    }
    __syncthreads();
}

template <Arithmetic A, bool VECTOR> __global__ void __launch_bounds__(TILE_THREADS, 2) convolution_kernel(Convolution c) {
    begin_kernel();
    constexpr int ELEMENTS = chunk_elements(A);
    constexpr int QUADS = ELEMENTS / 4;
    const ConvolutionGeometry &g = c.geometry;
    const int rows = halo_rows(g);
    const int columns = halo_columns(g);
    const Shared<std::uint32_t> input(0, rows * columns * ROW_WORDS);
    const Place place;
    const Tile tile(tiling(g, c.frames_out, c.bands_out), static_cast<int>(blockIdx.x));
    const int channel0 = static_cast<int>(blockIdx.y) * TILE_COLUMNS;
    const std::int64_t clip = blockIdx.z;
    const int chunks = (c.input.channels + ELEMENTS - 1) / ELEMENTS;
    const int taps = g.kernel_time * g.kernel_frequency;
    const int all = (c.first + 1) * chunks * taps;
    std::int64_t chunk_weights = static_cast<std::int64_t>(blockIdx.y) * all;
    const std::int64_t last_weights = chunk_weights + all - 1;

    Sums sums;
    int row_words[4];
#pragma unroll
    for (int r = 0; r < 4; ++r) {
        row_words[r] = (place.row / 32 * columns + place.sum_row(r) * g.stride_frequency) * ROW_WORDS;
    }
    ChunkWeights weights = load_weights(c.weights, chunk_weights, place);
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
                        x[i] = read_position<VECTOR>(
                            c, plane, clip, tile.frame + cell / columns * g.dilation_time - g.padding_time,
                            tile.band * g.stride_frequency + cell % columns - g.padding_frequency,
                            chunk * ELEMENTS + item % QUADS * 4);
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
                        store_words<A>(input, item / QUADS, item % QUADS * 4, x[i]);
                    }
                }
            }
            __syncthreads();
            for (int tap_time = 0; tap_time < g.kernel_time; ++tap_time) {
                for (int tap_band = 0; tap_band < g.kernel_frequency; ++tap_band) {
                    const ChunkWeights current = weights;
                    chunk_weights = chunk_weights < last_weights ? chunk_weights + 1 : last_weights;
                    weights = load_weights(c.weights, chunk_weights, place);
                    multiply<A>(sums, input, row_words, (tap_time * columns + tap_band) * ROW_WORDS, current, place);
                }
            }
        }
    }

    const int frame = tile.frame + place.row / 32 * tile.step;
    const auto inside = [&](int r) { return frame < c.frames_out && tile.band + place.sum_row(r) < c.bands_out; };
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
                c.out[((clip * c.frames_out + frame) * c.bands_out + tile.band + place.sum_row(r)) * c.channels_out +
                      channel] = sums.at(r, i);
            }
        }
    }
    if (c.statistics.empty()) {
        return;
    }
    /* The input's place in shared memory is free once all warps have multiplied. */
    __syncthreads();
    const Shared<float> parts(0, 4 * TILE_COLUMNS);
    const Shared<float> totals(4 * TILE_COLUMNS * sizeof(float), TILE_COLUMNS);
    const int count = tile.count(c.frames_out, c.bands_out);
    const float share = count > 0 ? 1.0F / static_cast<float>(count) : 0.0F;
    float column_sums[8];
#pragma unroll
    for (int i = 0; i < 8; ++i) {
        column_sums[i] = 0.0F;
#pragma unroll
        for (int r = 0; r < 4; ++r) {
            column_sums[i] += inside(r) ? sums.at(r, i) : 0.0F;
        }
    }
    sum_columns(column_sums, parts, totals, place);
    float means[8];
#pragma unroll
    for (int i = 0; i < 8; ++i) {
        means[i] = totals[place.column + place.sum_column(i)] * share;
        column_sums[i] = 0.0F;
#pragma unroll
        for (int r = 0; r < 4; ++r) {
            const float deviation = sums.at(r, i) - means[i];
            column_sums[i] += inside(r) ? deviation * deviation : 0.0F;
        }
    }
    const int column = static_cast<int>(threadIdx.x);
    const bool writes = column < TILE_COLUMNS && channel0 + column < c.channels_out;
    const std::int64_t at = (clip * gridDim.x + blockIdx.x) * 2 * c.channels_out + channel0 + column;
    if (writes) {
        c.statistics[at] = totals[column] * share;
    }
    /* Who reads the totals must have done so before they are made anew. */
    __syncthreads();
    sum_columns(column_sums, parts, totals, place);
    if (writes) {
        c.statistics[at + c.channels_out] = totals[column];
    }
}

template <Arithmetic A> cudaError_t enqueue_as(const Convolution &c, bool vector, cudaStream_t stream) {
    const dim3 grid(static_cast<unsigned>(convolution_tiles(c.geometry, c.frames_out, c.bands_out)),
                    static_cast<unsigned>(divide_up(c.channels_out, TILE_COLUMNS)), static_cast<unsigned>(c.batch));
    const std::size_t input = static_cast<std::size_t>(halo_rows(c.geometry)) *
                              static_cast<std::size_t>(halo_columns(c.geometry)) * ROW_WORDS * sizeof(float);
    const std::size_t bytes = std::max(input, 5 * TILE_COLUMNS * sizeof(float));
    const auto kernel = vector ? convolution_kernel<A, true> : convolution_kernel<A, false>;
    const cudaError_t allowed = allow_shared(kernel, bytes);
    return allowed != cudaSuccess
               ? allowed
               : launch("convolution", kernel, grid, dim3(TILE_THREADS), bytes, stream, c);
}

/* Combines the tiles' means and squared deviations (Chan, Golub and LeVeque) in the order of the tiles. */
constexpr int NORM_WARPS = 8;

__global__ void __launch_bounds__(32 * NORM_WARPS) instance_norm_kernel(InstanceNorm n) {
    begin_kernel();
    const Shared<float> parts(0, NORM_WARPS * 32);
    const Shared<float> totals(NORM_WARPS * 32 * sizeof(float), 32);
    const Convolution &c = n.of;
    const Tiling tiles = tiling(c.geometry, c.frames_out, c.bands_out);
    const int count = tiles.residues * tiles.time * tiles.bands;
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const int channel = static_cast<int>(blockIdx.x) * 32 + lane;
    const std::int64_t clip = blockIdx.y;
    const bool mine = channel < c.channels_out;
    const auto statistic = [&](int tile, int which) {
        return c.statistics[((clip * count + tile) * 2 + which) * c.channels_out + channel];
    };
    const auto total = [&](float v) {
        parts[warp * 32 + lane] = v;
        __syncthreads();
        if (warp == 0) {
            float sum = 0.0F;
            for (int w = 0; w < NORM_WARPS; ++w) {
                sum += parts[w * 32 + lane];
            }
            totals[lane] = sum;
        }
        __syncthreads();
        return totals[lane];
    };
    const float share = 1.0F / (static_cast<float>(c.frames_out) * static_cast<float>(c.bands_out));
    float sum = 0.0F;
    for (int tile = warp; tile < count && mine; tile += NORM_WARPS) {
        sum += statistic(tile, 0) * (static_cast<float>(Tile(tiles, tile).count(c.frames_out, c.bands_out)) * share);
    }
    const float mean = total(sum);
    sum = 0.0F;
    for (int tile = warp; tile < count && mine; tile += NORM_WARPS) {
        const float offset = statistic(tile, 0) - mean;
        const auto positions = static_cast<float>(Tile(tiles, tile).count(c.frames_out, c.bands_out));
        sum += (statistic(tile, 1) + positions * offset * offset) * share;
    }
    const float variance = total(sum);
    if (warp == 0 && mine) {
        const float scale = n.weight[channel] / sqrtf(variance + 1e-5F);
        n.norms[clip * 2 * c.channels_out + channel] = scale;
        n.norms[(clip * 2 + 1) * c.channels_out + channel] = n.bias[channel] - mean * scale;
    }
}

constexpr int NORMALISE_THREADS = 256;

__global__ void __launch_bounds__(NORMALISE_THREADS) normalise_kernel(Normalise n) {
    begin_kernel();
    const std::int64_t values = n.positions * n.channels;
    const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * NORMALISE_THREADS + threadIdx.x;
    const std::int64_t clip = blockIdx.y;
    if (i < values) {
        const auto channel = static_cast<std::int32_t>(i % n.channels);
        const std::int64_t norm = clip * 2 * n.channels + channel;
        n.out[clip * values + i] =
            prelu(fmaf(n.values[clip * values + i], n.norms[norm], n.norms[norm + n.channels]), n.slopes[channel]);
    }
}

} // namespace

std::int64_t convolution_tiles(const ConvolutionGeometry &geometry, std::int64_t frames_out, std::int64_t bands_out) {
    const Tiling tiles = tiling(geometry, frames_out, bands_out);
    return static_cast<std::int64_t>(tiles.residues) * tiles.time * tiles.bands;
}

std::vector<std::uint32_t> pack_convolution(const float *weights, std::int32_t channels_out, std::int32_t planes,
                                            std::int32_t channels, const ConvolutionGeometry &g,
                                            Arithmetic arithmetic) {
    std::vector<std::uint32_t> packed;
    const int elements = chunk_elements(arithmetic);
    const std::int32_t taps = g.kernel_time * g.kernel_frequency;
    for (std::int32_t out0 = 0; out0 < channels_out; out0 += TILE_COLUMNS) {
        for (std::int32_t slice = 0; slice < planes; ++slice) {
            for (std::int32_t in0 = 0; in0 < channels; in0 += elements) {
                for (std::int32_t tap = 0; tap < taps; ++tap) {
                    pack_chunk(packed, arithmetic, [&](int n, int k) {
                        const std::int64_t out = out0 + n;
                        const std::int64_t in = in0 + k;
                        return out < channels_out && in < channels
                                   ? weights[((out * planes + slice) * channels + in) * taps + tap]
                                   : 0.0F;
                    });
                }
            }
        }
    }
    return packed;
}

cudaError_t enqueue(const Convolution &c, Arithmetic arithmetic, cudaStream_t stream) {
    const auto aligned = [](const void *p) { return reinterpret_cast<std::uintptr_t>(p) % sizeof(Float4) == 0; };
    const bool vector = c.input.channels % 4 == 0 && c.input.plane_step % 4 == 0 && aligned(c.input.values.data()) &&
                        aligned(c.input.norms.data()) && aligned(c.input.slopes.data()) && c.input.norm_step % 4 == 0;
    switch (arithmetic) {
    case Arithmetic::SCALAR:
        return enqueue_as<Arithmetic::SCALAR>(c, vector, stream);
    case Arithmetic::SPLIT:
        return enqueue_as<Arithmetic::SPLIT>(c, vector, stream);
    case Arithmetic::TF32:
        return enqueue_as<Arithmetic::TF32>(c, vector, stream);
    case Arithmetic::BF16:
        return enqueue_as<Arithmetic::BF16>(c, vector, stream);
    }
    return cudaErrorInvalidValue;
}

cudaError_t enqueue(const InstanceNorm &n, cudaStream_t stream) {
    const dim3 grid(static_cast<unsigned>(divide_up(n.of.channels_out, 32)), static_cast<unsigned>(n.of.batch));
    return launch("instance norm", instance_norm_kernel, grid, dim3(32 * NORM_WARPS),
                  (NORM_WARPS + 1) * 32 * sizeof(float), stream, n);
}

cudaError_t enqueue(const Normalise &n, cudaStream_t stream) {
    const dim3 grid(static_cast<unsigned>(divide_up(n.positions * n.channels, NORMALISE_THREADS)),
                    static_cast<unsigned>(n.batch));
    return launch("normalise", normalise_kernel, grid, dim3(NORMALISE_THREADS), 0, stream, n);
}

} // namespace earshot
