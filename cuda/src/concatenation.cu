/*
 * EARSHOT_LAYER_CONCATENATION: some hundred numbers, a thread a number. Limit: the launch, 2 us.
 */
#include "cuda_operation.h"
#include "layers.h"
#include "runtime.h"

namespace earshot {

namespace {

constexpr int THREADS = 256;

struct Concatenated {
    std::int64_t batch;
    std::int32_t first_width;
    std::int32_t second_width;
    Span<const float> first;
    Span<const float> second;
    Span<float> out;
};

__global__ void __launch_bounds__(THREADS) concatenation_kernel(Concatenated c) {
    begin_kernel();
    const std::int64_t width = static_cast<std::int64_t>(c.first_width) + c.second_width;
    const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * THREADS + threadIdx.x;
    if (i < c.batch * width) {
        const std::int64_t clip = i / width;
        const std::int64_t at = i % width;
        c.out[i] = at < c.first_width ? c.first[clip * c.first_width + at]
                                      : c.second[clip * c.second_width + at - c.first_width];
    }
}

class Concatenation final : public earshot_cuda_op {
  public:
    explicit Concatenation(const ConcatenationLayer &layer) : first_(layer.first), second_(layer.second) {}

    void check(const Extents &e) const override { require_vectors(e); }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, first_}); }
    Index input1_floats(const Extents &e) const override { return size_product({e.batch, second_}); }
    Index output_floats(const Extents &e) const override {
        return size_product({e.batch, size_sum({first_, second_})});
    }
    void enqueue(const Arguments &a) const override {
        const auto blocks = static_cast<unsigned>(divide_up(output_floats(a.extents), THREADS));
        earshot::check(launch("concatenation", concatenation_kernel, dim3(blocks), dim3(THREADS), 0, a.stream,
                              Concatenated{a.extents.batch, first_, second_, a.input0, a.input1, a.output}),
                       "concatenation");
    }

  private:
    std::int32_t first_;
    std::int32_t second_;
};

} // namespace

std::unique_ptr<earshot_cuda_op> make_concatenation(const CudaPacking &packing) {
    return std::make_unique<Concatenation>(ConcatenationLayer(packing));
}

} // namespace earshot
