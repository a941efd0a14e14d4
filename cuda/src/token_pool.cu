/*
 * EARSHOT_LAYER_TOKEN_POOL, by the kernel of adaptive_pool.cu.
 */
#include "adaptive_pool.h"
#include "cuda_operation.h"
#include "layers.h"
#include "runtime.h"

namespace earshot {

namespace {

class TokenPool final : public earshot_cuda_op {
  public:
    explicit TokenPool(const TokenPoolLayer &layer)
        : channels_(layer.channels), tokens_(layer.tokens), grid_(std::vector<PoolGrid>{{layer.tokens, 1}}) {}

    void check(const Extents &e) const override {
        /* The kernel counts a clip's positions in 32 bits. */
        require(size_product({e.frames, e.bands}) <= INT32_MAX,
                "shape: more frames and bands than the kernel can count");
    }
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

std::unique_ptr<earshot_cuda_op> make_token_pool(const CudaPacking &packing) {
    return std::make_unique<TokenPool>(TokenPoolLayer(packing));
}

} // namespace earshot
