/*
 * Adaptive mean pooling, the gated 2x2 mean pooling, and EARSHOT_LAYER_TOKEN_POOL.
 *
 * Adaptive: a block has one part of one bin and 32 channels, 8 warps share its positions, a lane has a channel, so that
 * a warp reads 128 bytes in a row. Three grids read x three times, but from L2. Bytes (500 x 64 x 64, one clip, grids
 * 1, 2, 3): 8 MB read 3 times, 7 us on an H200 at the rate of L2.
 * Gated: a thread has four channels of one output. Bytes (the same, pooled): 8 MB read, 2 MB written, 3 us.
 */
#include "pooling.h"

#include "operation.h"
#include "vectors.h"

namespace earshot {

namespace {

constexpr int THREADS = 256;
constexpr int WARPS = THREADS / 32;

__device__ __forceinline__ std::int64_t bin_first(std::int64_t i, std::int64_t length, std::int64_t bins) {
    return i * length / bins;
}
__device__ __forceinline__ std::int64_t bin_end(std::int64_t i, std::int64_t length, std::int64_t bins) {
    return ((i + 1) * length + bins - 1) / bins;
}

/* Block (bin and part, channels / 32, clip). */
__global__ void __launch_bounds__(THREADS) adaptive_pool_kernel(AdaptivePool p) {
    begin_kernel();
    const Shared<float> shares(0, THREADS);
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const std::int64_t channel = static_cast<std::int64_t>(blockIdx.y) * 32 + lane;
    const std::int64_t clip = blockIdx.z;
    const int bin = static_cast<int>(blockIdx.x) / p.parts;
    const int part = static_cast<int>(blockIdx.x) % p.parts;
    int grid = 0;
    int index = bin;
    while (index >= p.grids[grid].rows * p.grids[grid].columns) {
        index -= p.grids[grid].rows * p.grids[grid].columns;
        ++grid;
    }
    const PoolGrid g = p.grids[grid];
    const std::int64_t frame0 = bin_first(index / g.columns, p.frames, g.rows);
    const std::int64_t band0 = bin_first(index % g.columns, p.bands, g.columns);
    const std::int64_t bands = bin_end(index % g.columns, p.bands, g.columns) - band0;
    const std::int64_t count = (bin_end(index / g.columns, p.frames, g.rows) - frame0) * bands;
    float sum = 0.0F;
    if (channel < p.channels) {
        const std::int64_t end = count * (part + 1) / p.parts;
        for (std::int64_t i = count * part / p.parts + warp; i < end; i += WARPS) {
            const std::int64_t position = (clip * p.frames + frame0 + i / bands) * p.bands + band0 + i % bands;
            sum += p.x[position * p.channels + channel];
        }
    }
    shares[warp * 32 + lane] = sum;
    __syncthreads();
    if (warp == 0 && channel < p.channels) {
        for (int w = 1; w < WARPS; ++w) {
            sum += shares[w * 32 + lane];
        }
        p.out[((clip * p.parts + part) * p.bins + bin) * p.channels + channel] = sum / static_cast<float>(count);
    }
}

/* N channels of one output a thread. */
template <int N> __global__ void __launch_bounds__(THREADS) gated_pool_kernel(GatedPool p) {
    begin_kernel();
    const std::int64_t step = p.pooled ? 2 : 1;
    const std::int64_t bands_out = p.bands / step;
    const std::int64_t i = (static_cast<std::int64_t>(blockIdx.x) * THREADS + threadIdx.x) * N;
    const std::int64_t clip = blockIdx.y;
    const std::int64_t values = p.frames / step * bands_out * p.channels;
    if (i >= values) {
        return;
    }
    const std::int64_t channel = i % p.channels;
    const std::int64_t frame = i / p.channels / bands_out * step;
    const std::int64_t band = i / p.channels % bands_out * step;
    Vector<float, N> gate;
    Vector<float, N> y;
#pragma unroll
    for (int k = 0; k < N; ++k) {
        gate.v[k] = p.gate.empty() ? 1.0F : p.gate[clip * p.channels + channel + k];
        y.v[k] = 0.0F;
    }
    for (std::int64_t cell = 0; cell < step * step; ++cell) {
        const std::int64_t position = (clip * p.frames + frame + cell / step) * p.bands + band + cell % step;
        const Vector<float, N> x = p.x.load<N>(position * p.channels + channel);
#pragma unroll
        for (int k = 0; k < N; ++k) {
            y.v[k] += relu(x.v[k] * gate.v[k]);
        }
    }
#pragma unroll
    for (int k = 0; k < N; ++k) {
        y.v[k] *= p.pooled ? 0.25F : 1.0F;
    }
    p.out.store<N>(clip * values + i, y);
}

class TokenPool final : public earshot_cuda_op {
  public:
    explicit TokenPool(const TokenPoolLayer &layer)
        : channels_(layer.channels), tokens_(layer.tokens), grid_(std::vector<PoolGrid>{{layer.tokens, 1}}) {}

    void check(const Extents &) const override {}
    Index input0_floats(const Extents &e) const override { return size_product({e.positions(), channels_}); }
    Index output_floats(const Extents &e) const override { return size_product({e.batch, tokens_, channels_}); }
    void enqueue(const Arguments &a) const override {
        const Extents &e = a.extents;
        earshot::check(earshot::enqueue(AdaptivePool{e.batch, e.frames, e.bands, channels_, 1, tokens_, grid_.span(),
                                                     a.input0, a.output},
                                        a.stream),
                       "token pool");
    }

  private:
    std::int32_t channels_;
    std::int32_t tokens_;
    DeviceArray<PoolGrid> grid_;
};

} // namespace

cudaError_t enqueue(const AdaptivePool &p, cudaStream_t stream) {
    const dim3 grid(static_cast<unsigned>(p.bins) * static_cast<unsigned>(p.parts),
                    static_cast<unsigned>(divide_up(p.channels, 32)), static_cast<unsigned>(p.batch));
    return launch("adaptive pool", adaptive_pool_kernel, grid, dim3(THREADS), THREADS * sizeof(float), stream, p);
}

cudaError_t enqueue(const GatedPool &p, cudaStream_t stream) {
    const bool vector = in_fours(p.channels, {p.x.data(), p.out.data()});
    const std::int64_t values = p.frames_out() * p.bands_out() * p.channels;
    const dim3 grid(static_cast<unsigned>(divide_up(values, (vector ? 4 : 1) * THREADS)),
                    static_cast<unsigned>(p.batch));
    return launch("gated pool", vector ? gated_pool_kernel<4> : gated_pool_kernel<1>, grid, dim3(THREADS), 0, stream,
                  p);
}

std::unique_ptr<earshot_cuda_op> make_token_pool(const Packing &packing) {
    return std::make_unique<TokenPool>(TokenPoolLayer(packing));
}

} // namespace earshot
