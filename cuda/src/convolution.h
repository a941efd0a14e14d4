/*
 * Two-dimensional convolutions over [B, T, F, C], the statistics of what they write, and the instance norm behind them.
 */
#pragma once

#include "packing.h"

namespace earshot {

struct ConvolutionGeometry {
    std::int32_t kernel_time;
    std::int32_t kernel_frequency;
    std::int32_t padding_time;
    std::int32_t padding_frequency;
    std::int32_t dilation_time;
    std::int32_t stride_frequency;

    std::int64_t frames_out(std::int64_t frames) const {
        return frames + 2 * padding_time - static_cast<std::int64_t>(dilation_time) * (kernel_time - 1);
    }
    std::int64_t bands_out(std::int64_t bands) const {
        return (bands + 2 * padding_frequency - kernel_frequency) / stride_frequency + 1;
    }
    std::int32_t taps() const { return kernel_time * kernel_frequency; }
};

/*
 * How a clip's output positions are cut into tiles of `frames` by `bands`: the frames of a tile lie one dilation apart,
 * so that their taps share rows of input whatever the dilation.
 */
struct ConvolutionTiles {
    std::int32_t frames_out;
    std::int32_t bands_out;
    std::int32_t frames; /* of a tile */
    std::int32_t bands;
    std::int32_t residues;   /* time modulo dilation */
    std::int32_t time_tiles; /* for each residue */
    std::int32_t band_tiles;

    __host__ __device__ std::int32_t count() const { return residues * time_tiles * band_tiles; }
};

ConvolutionTiles convolution_tiles(const ConvolutionGeometry &geometry, std::int64_t frames_out, std::int64_t bands_out,
                                   std::int32_t tile_frames, std::int32_t tile_bands);

/* The output positions of one tile. */
struct ConvolutionTile {
    std::int32_t frame; /* of its first row; rows are `step` apart */
    std::int32_t step;
    std::int32_t band;

    __device__ __forceinline__ ConvolutionTile(const ConvolutionTiles &tiles, int index) {
        const int band_tile = index % tiles.band_tiles;
        const int time_tile = index / tiles.band_tiles % tiles.time_tiles;
        const int residue = index / tiles.band_tiles / tiles.time_tiles;
        step = tiles.residues;
        frame = residue + time_tile * tiles.frames * step;
        band = band_tile * tiles.bands;
    }

    /* Positions inside the output. */
    __device__ __forceinline__ int count(const ConvolutionTiles &tiles) const {
        const int rows =
            frame >= tiles.frames_out ? 0 : min(tiles.frames, (tiles.frames_out - frame + step - 1) / step);
        return rows * min(tiles.bands, tiles.bands_out - band);
    }
};

/*
 * The planes [B, T, F, C] that a convolution reads; plane p begins at p * plane_step of `words`. As floats, C a
 * position; or, where the arithmetic takes pairs, as chunks_of(C) chunks of words a position, filled up with zeros.
 */
struct Planes {
    Span<const std::uint32_t> words;
    std::int64_t plane_step;
    std::int32_t channels; /* C */
};

/*
 * out = scale * (weight * [plane first, first - 1, ..., 0]) + bias: newest first, as the concatenation of a dense block
 * orders them. The planes are zero outside.
 */
struct Convolution {
    std::int64_t batch;
    std::int32_t frames;
    std::int32_t bands;
    ConvolutionGeometry geometry;
    Planes input;
    std::int32_t first;
    Span<const std::uint32_t> weights;
    Span<const float> scale; /* [O], or empty */
    Span<const float> bias;  /* [O], or empty */
    float common_scale;      /* multiplies `scale` where that is not empty */
    std::int32_t channels_out;
    ConvolutionTiles tiles; /* from plan_convolution */
    Span<float> out;        /* [B, T', F', O] */
    /* For each clip and each of its tiles: mean [O] and sum of squared deviations [O]; or empty. */
    Span<float> statistics;
    Span<float> counts; /* with statistics: positions of each tile, the same for every clip; or empty */
};

/* Chooses the tiles for the extents, geometry and channels of a convolution. */
ConvolutionTiles plan_convolution(const Convolution &convolution, Arithmetic arithmetic);

/* The most tiles that any plan cuts a clip's output into. */
std::int64_t most_tiles(const ConvolutionGeometry &geometry, std::int64_t frames_out, std::int64_t bands_out);

/* Packs weights [O, I, KT, KF], I = planes * C, for the planes newest first. */
std::vector<std::uint32_t> pack_convolution(const float *weights, std::int32_t channels_out, std::int32_t planes,
                                            std::int32_t channels, const ConvolutionGeometry &geometry,
                                            Arithmetic arithmetic);

cudaError_t enqueue(const Convolution &convolution, Arithmetic arithmetic, cudaStream_t stream);

/* What enqueue() chooses from. */
cudaError_t enqueue_scalar(const Convolution &convolution, cudaStream_t stream);
template <Arithmetic A>
cudaError_t enqueue_tensor(const Convolution &convolution, cudaStream_t stream);
/* Tiles that fit into shared memory, for convolution_tensor.h. */
ConvolutionTiles plan_tensor(const Convolution &convolution, Arithmetic arithmetic);

/*
 * From a convolution's output and statistics to what reads it: PReLU((x - mean) / sqrt(variance + 1e-5) * weight +
 * bias), times `scale` for arithmetics that take pairs. Written as floats where the arithmetic takes floats.
 */
struct InstanceNorm {
    std::int64_t batch;
    std::int64_t positions;
    std::int32_t channels;
    std::int32_t tiles;
    Span<const float> x;
    Span<const float> statistics;
    Span<const float> counts;
    Span<const float> weight;
    Span<const float> bias;
    Span<const float> slopes;
    float scale;
    Span<std::uint32_t> out;
};

cudaError_t enqueue(const InstanceNorm &norm, Arithmetic arithmetic, cudaStream_t stream);

/*
 * The same behind a 1x1 convolution of one channel, x * kernel[c], whose statistics are those of x: neither the
 * convolution's output nor its statistics are ever made. `statistics` is scratch of input_statistics() floats.
 */
struct FirstNorm {
    std::int64_t batch;
    std::int64_t positions;
    std::int32_t channels;
    Span<const float> x; /* [B, positions] */
    Span<float> statistics;
    Span<float> counts;       /* [input_parts()]: positions of each part; or empty */
    Span<const float> kernel; /* [C] */
    Span<const float> weight;
    Span<const float> bias;
    Span<const float> slopes;
    float scale;
    Span<std::uint32_t> out;
};

std::int64_t input_parts();
std::int64_t input_statistics(std::int64_t batch);
cudaError_t enqueue(const FirstNorm &norm, Arithmetic arithmetic, cudaStream_t stream);
/* The statistics alone: of each clip's parts, mean and sum of squared deviations. */
cudaError_t enqueue_statistics(const FirstNorm &norm, cudaStream_t stream);

/*
 * The same on compute capability 9.0 (convolution_warpgroup.cu): for the dense encoder's convolutions of 64 channels to
 * 64, in arithmetics that take pairs. Planes then lie in slabs of 8 channels, [B, slabs, T, F, 8 numbers of 16 bits]; of
 * a split factor all high parts' slabs, then all low parts'. The output is [B, O, T', raw_pitch(F')], and `statistics` [B,
 * O, tiles, mean and sum of squared deviations].
 */

/* How a norm writes what it makes: as slabs, as slabs whose rows have the even bands first, then the odd ones, or as
   floats [B, T, F, C]. */
enum class PlaneOrder { SLABS, SLABS_BY_PARITY, FLOATS };

/* 3x3 of stride 1 with zeros around, or 1x3 of stride 2 without. */
bool fits_warpgroups(const ConvolutionGeometry &geometry, std::int32_t channels);
/* What such a convolution reads. */
PlaneOrder plane_order(const ConvolutionGeometry &geometry);
ConvolutionTiles plan_warpgroups(const ConvolutionGeometry &geometry, std::int64_t frames, std::int64_t bands);
std::vector<std::uint32_t> pack_warpgroups(const float *weights, std::int32_t planes,
                                           const ConvolutionGeometry &geometry, Arithmetic arithmetic);
cudaError_t enqueue_warpgroups(const Convolution &convolution, Arithmetic arithmetic, cudaStream_t stream);

/* Floats from one frame of a raw output to the next: rows of whole sectors of memory. */
__host__ __device__ constexpr std::int32_t raw_pitch(std::int32_t bands) {
    return (bands + 7) / 8 * 8;
}

/* InstanceNorm and FirstNorm for these. */
struct SlabNorm {
    std::int64_t batch;
    std::int32_t frames;
    std::int32_t bands;
    std::int64_t entries; /* of the statistics; of the first norm its input\'s parts */
    Span<const float> x;  /* [B, 64, T, raw_pitch(F)]; of the first norm [B, T, F] */
    Span<const float> statistics;
    Span<const float> counts; /* [entries] */
    Span<const float> kernel; /* [64] of the first norm's convolution, or empty */
    Span<const float> weight;
    Span<const float> bias;
    Span<const float> slopes;
    float scale;
    PlaneOrder order;
    Span<std::uint32_t> out;
};

cudaError_t enqueue(const SlabNorm &norm, Arithmetic arithmetic, cudaStream_t stream);

/* Words of a plane [positions, C] as a convolution of this arithmetic reads it. */
std::int64_t plane_words(Arithmetic arithmetic, std::int64_t positions, std::int32_t channels);

} // namespace earshot
