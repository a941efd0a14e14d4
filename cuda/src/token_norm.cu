/*
 * Conditional layer norm (or layer norm, or none) with the RMS norm behind it.
 *
 * Idea: a warp a token. gamma(c) and beta(c) depend on the clip alone: each block computes them once (2 K C
 * multiply-adds, 4096 at paper size) for the 64 tokens it then norms, instead of a launch of their own. The RMS norm is
 * a factor for each token that the product behind applies to its sums: h is written once and read by product and
 * residual alike. Mean and variance in two passes over the row, which the second time comes from L1.
 *
 * Bytes (paper size, one clip): 4 MB read, 4 MB and 0.06 MB written: 2 us on an H200. Flops: 10 a value, 10 M.
 */
#include "token_norm.h"

#include "earshot_layers.h"
#include "intrinsics.h"

namespace earshot {

namespace {

constexpr int WARPS = 8;
constexpr int TOKENS_PER_BLOCK = 64;
constexpr float EPSILON = 1e-5F;

__global__ void __launch_bounds__(32 * WARPS) token_norm_kernel(TokenNorm n) {
    begin_kernel();
    const int channels = n.channels;
    const Shared<float> scale(0, n.kind == EARSHOT_NORM_NONE ? 0 : 2 * channels);
    const std::int64_t clip = blockIdx.y;
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int warp = static_cast<int>(threadIdx.x) / 32;
    if (n.kind != EARSHOT_NORM_NONE) {
        for (int i = static_cast<int>(threadIdx.x); i < 2 * channels; i += 32 * WARPS) {
            if (n.kind == EARSHOT_NORM_LAYER) {
                scale[i] = n.parameters[i];
                continue;
            }
            const std::int64_t width = n.condition_width;
            const std::int64_t weight = i / channels * channels * (width + 1);
            float sum = n.parameters[weight + channels * width + i % channels];
            for (std::int64_t k = 0; k < width; ++k) {
                sum = fmaf(n.parameters[weight + i % channels * width + k], n.condition[clip * width + k], sum);
            }
            scale[i] = sum;
        }
        __syncthreads();
    }
    const float share = 1.0F / static_cast<float>(channels);
    for (int i = warp; i < TOKENS_PER_BLOCK; i += WARPS) {
        const std::int64_t token = static_cast<std::int64_t>(blockIdx.x) * TOKENS_PER_BLOCK + i;
        if (token >= n.tokens) {
            break;
        }
        const std::int64_t row = (clip * n.tokens + token) * channels;
        float mean = 0.0F;
        float factor = 1.0F;
        if (n.kind != EARSHOT_NORM_NONE) {
            for (int c = lane; c < channels; c += 32) {
                mean += n.x[row + c];
            }
            mean = warp_sum(mean) * share;
            float squares = 0.0F;
            for (int c = lane; c < channels; c += 32) {
                const float deviation = n.x[row + c] - mean;
                squares = fmaf(deviation, deviation, squares);
            }
            factor = 1.0F / sqrtf(warp_sum(squares) * share + EPSILON);
        }
        float squares = 0.0F;
        for (int c = lane; c < channels; c += 32) {
            float h = n.x[row + c];
            if (n.kind != EARSHOT_NORM_NONE) {
                h = fmaf((h - mean) * factor, scale[c], scale[channels + c]);
                n.h[row + c] = h;
            }
            squares = fmaf(h, h, squares);
        }
        squares = warp_sum(squares);
        if (lane == 0) {
            n.rms[clip * n.tokens + token] = 1.0F / sqrtf(squares * share + EPSILON);
        }
    }
}

} // namespace

cudaError_t enqueue(const TokenNorm &n, cudaStream_t stream) {
    const std::size_t bytes =
        n.kind == EARSHOT_NORM_NONE ? 0 : 2 * static_cast<std::size_t>(n.channels) * sizeof(float);
    const dim3 grid(static_cast<unsigned>(divide_up(n.tokens, TOKENS_PER_BLOCK)), static_cast<unsigned>(n.batch));
    const cudaError_t allowed = allow_shared(token_norm_kernel, bytes);
    return allowed != cudaSuccess ? allowed
                                  : launch("token norm", token_norm_kernel, grid, dim3(32 * WARPS), bytes, stream, n);
}

} // namespace earshot
