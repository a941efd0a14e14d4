/* The tiles of convolution_tensor.h, and its kernels for activations as floats. */
#include "convolution_tensor.h"

namespace earshot {

ConvolutionTiles plan_tensor(const Convolution &c, Arithmetic arithmetic) {
    using namespace convolution_tensor;
    const std::int64_t frames_out = c.geometry.frames_out(c.frames);
    const std::int64_t bands_out = c.geometry.bands_out(c.bands);
    const std::int32_t bands = bands_out <= 16 ? 16 : 32;
    const auto tiles = [&](int rows) {
        return convolution_tiles(c.geometry, frames_out, bands_out, ROW_WARPS * 16 * rows / bands, bands);
    };
    const auto blocks = [&](int rows) {
        return tiles(rows).count() * c.batch * divide_up(c.channels_out, BLOCK_CHANNELS);
    };
    int rows = best_height(arithmetic, blocks, device().multiprocessors);
    while (rows > 1 && shared_bytes(c, tiles(rows).frames, bands) > device().shared_bytes) {
        rows /= 2;
    }
    return tiles(rows);
}

template cudaError_t enqueue_tensor<Arithmetic::SPLIT>(const Convolution &, cudaStream_t);
template cudaError_t enqueue_tensor<Arithmetic::TF32>(const Convolution &, cudaStream_t);
template cudaError_t enqueue_tensor<Arithmetic::BF16>(const Convolution &, cudaStream_t);

} // namespace earshot
