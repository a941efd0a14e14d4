/* Which kernel computes a convolution, in which tiles, and the order in which it wants the weights. */
#include "convolution.h"

#include <algorithm>

namespace earshot {

namespace {

/* The scalar kernel's tile, and the smallest of the tensor cores' kernel. */
constexpr std::int32_t SCALAR_FRAMES = 4;
constexpr std::int32_t TILE_BANDS = 32;
constexpr std::int32_t FEWEST_POSITIONS = 64;

} // namespace

ConvolutionTiles convolution_tiles(const ConvolutionGeometry &g, std::int64_t frames_out, std::int64_t bands_out,
                                   std::int32_t tile_frames, std::int32_t tile_bands) {
    const std::int64_t residues = std::min<std::int64_t>(g.dilation_time, frames_out);
    const std::int64_t steps = divide_up(frames_out, residues);
    return {static_cast<std::int32_t>(frames_out),
            static_cast<std::int32_t>(bands_out),
            tile_frames,
            tile_bands,
            static_cast<std::int32_t>(residues),
            static_cast<std::int32_t>(divide_up(steps, tile_frames)),
            static_cast<std::int32_t>(divide_up(bands_out, tile_bands))};
}

std::int64_t most_tiles(const ConvolutionGeometry &g, std::int64_t frames_out, std::int64_t bands_out) {
    std::int64_t most = convolution_tiles(g, frames_out, bands_out, SCALAR_FRAMES, TILE_BANDS).count();
    for (const std::int32_t bands : {16, 32}) {
        most = std::max<std::int64_t>(
            most, convolution_tiles(g, frames_out, bands_out, FEWEST_POSITIONS / bands, bands).count());
    }
    return most;
}

ConvolutionTiles plan_convolution(const Convolution &c, Arithmetic arithmetic) {
    return arithmetic == Arithmetic::SCALAR
               ? convolution_tiles(c.geometry, c.geometry.frames_out(c.frames), c.geometry.bands_out(c.bands),
                                   SCALAR_FRAMES, TILE_BANDS)
               : plan_tensor(c, arithmetic);
}

std::int64_t plane_words(Arithmetic arithmetic, std::int64_t positions, std::int32_t channels) {
    return positions * (takes_pairs(arithmetic) ? chunks_of(arithmetic, channels) * CHUNK_WORDS : channels);
}

std::vector<std::uint32_t> pack_convolution(const float *weights, std::int32_t channels_out, std::int32_t planes,
                                            std::int32_t channels, const ConvolutionGeometry &g,
                                            Arithmetic arithmetic) {
    std::vector<std::uint32_t> packed;
    const std::int32_t taps = g.taps();
    const bool scalar = arithmetic == Arithmetic::SCALAR;
    const std::int32_t chunk = scalar ? TILE_CHUNK : chunk_numbers(arithmetic);
    const auto weight = [&](std::int64_t out, std::int64_t plane, std::int64_t in, std::int64_t tap) {
        return out < channels_out && in < channels ? weights[((out * planes + plane) * channels + in) * taps + tap]
                                                   : 0.0F;
    };
    /* A block's 64 columns, whole; 32 of them for each warp of the tensor cores' kernel. */
    const std::int32_t columns = (channels_out + 63) / 64 * 64;
    for (std::int32_t out0 = 0; out0 < columns; out0 += scalar ? TILE_COLUMNS : 32) {
        for (std::int32_t plane = 0; plane < planes; ++plane) {
            for (std::int32_t in0 = 0; in0 < channels; in0 += chunk) {
                for (std::int32_t tap = 0; tap < taps; ++tap) {
                    if (scalar) {
                        pack_chunk(packed, [&](int n, int k) { return weight(out0 + n, plane, in0 + k, tap); });
                        continue;
                    }
                    for (std::int32_t k0 = in0; k0 < in0 + chunk; k0 += step_numbers(arithmetic)) {
                        pack_step(packed, arithmetic, 4, [&](int tile, int column, int k) {
                            return weight(out0 + interleaved_column(tile, column), plane, k0 + k, tap);
                        });
                    }
                }
            }
        }
    }
    return packed;
}

cudaError_t enqueue(const Convolution &c, Arithmetic arithmetic, cudaStream_t stream) {
    switch (arithmetic) {
    case Arithmetic::SCALAR:
        return enqueue_scalar(c, stream);
    case Arithmetic::SPLIT:
        return enqueue_tensor<Arithmetic::SPLIT>(c, stream);
    case Arithmetic::TF32:
        return enqueue_tensor<Arithmetic::TF32>(c, stream);
    case Arithmetic::BF16:
        return enqueue_tensor<Arithmetic::BF16>(c, stream);
    case Arithmetic::HALF_SPLIT:
        return enqueue_tensor<Arithmetic::HALF_SPLIT>(c, stream);
    case Arithmetic::HALF:
        return enqueue_tensor<Arithmetic::HALF>(c, stream);
    case Arithmetic::BF16_PAIRS:
        return enqueue_tensor<Arithmetic::BF16_PAIRS>(c, stream);
    }
    return cudaErrorInvalidValue;
}

} // namespace earshot
