/* The base of operations, and what their runs are given. */
#pragma once

#include <memory>

#include "arithmetic.h"
#include "layers.h"
#include "runtime.h"

namespace earshot {

/* Extents of input 0. */
struct Extents {
    Index batch, frames, bands;

    Index positions() const { return batch * frames * bands; }
};

struct Arguments {
    Extents extents;
    Span<const float> input0;
    Span<const float> input1;
    Span<float> output;
    Span<float> scratch;
    cudaStream_t stream;
};

/* Cuts scratch memory into pieces that begin at 16 bytes; without memory it only counts. */
class Carver {
  public:
    Carver() = default;
    explicit Carver(const Span<float> &scratch) : base_(scratch) {
        const auto address = reinterpret_cast<std::uintptr_t>(scratch.data());
        used_ = static_cast<Index>((ALIGNMENT - address % ALIGNMENT) % ALIGNMENT / sizeof(float));
    }

    Span<float> take(Index floats) {
        const Span<float> taken = base_.empty() ? base_ : base_.part(used_, floats);
        used_ = size_sum({used_, round_up(floats, ALIGNMENT / sizeof(float))});
        return taken;
    }

    /* What was taken, and what aligning the start may cost. */
    Index floats() const { return used_ == 0 ? 0 : used_ + static_cast<Index>(ALIGNMENT / sizeof(float)); }

  private:
    static constexpr std::uintptr_t ALIGNMENT = 16;

    Span<float> base_;
    Index used_ = 0;
};

/* The arithmetic of large products that a precision asks for on this device; fails where it has none. */
Arithmetic arithmetic_for(std::int32_t precision);

} // namespace earshot

/* One prepared layer. */
struct earshot_cuda_op {
    virtual ~earshot_cuda_op() = default;

    /* Whose memory the weights are in. */
    int device_number = 0;

    /* Fails where the layer cannot take an input of this size. */
    virtual void check(const earshot::Extents &extents) const = 0;
    virtual earshot::Index input0_floats(const earshot::Extents &extents) const = 0;
    virtual earshot::Index input1_floats(const earshot::Extents &) const { return 0; }
    virtual earshot::Index output_floats(const earshot::Extents &extents) const = 0;
    virtual earshot::Index scratch_floats(const earshot::Extents &) const { return 0; }
    /* Enqueues the layer's kernels; allocates nothing. */
    virtual void enqueue(const earshot::Arguments &arguments) const = 0;
};

namespace earshot {

/*
 * A layer whose scratch is laid out in one place, Layer::carve(Carver &, const Extents &), so that what is asked for
 * and what is used cannot differ.
 */
template <class Layer>
class CarvedOperation : public earshot_cuda_op {
  public:
    Index scratch_floats(const Extents &e) const final {
        Carver carver;
        layer().carve(carver, e);
        return carver.floats();
    }

  protected:
    auto scratch(const Arguments &a) const {
        Carver carver(a.scratch);
        return layer().carve(carver, a.extents);
    }

  private:
    const Layer &layer() const { return static_cast<const Layer &>(*this); }
};

} // namespace earshot

namespace earshot {

/* One function for each kind of layer; the tensor cores' arithmetic comes from the precision. */
std::unique_ptr<earshot_cuda_op> make_linear(const Packing &packing);
std::unique_ptr<earshot_cuda_op> make_global_pool(const Packing &packing);
std::unique_ptr<earshot_cuda_op> make_context_encoder(const Packing &packing);
std::unique_ptr<earshot_cuda_op> make_dense_encoder(const Packing &packing, Arithmetic arithmetic);
std::unique_ptr<earshot_cuda_op> make_mamba_path(const Packing &packing, Arithmetic arithmetic);
std::unique_ptr<earshot_cuda_op> make_band_norm(const Packing &packing);
std::unique_ptr<earshot_cuda_op> make_squeeze_excitation(const Packing &packing, Arithmetic arithmetic);
std::unique_ptr<earshot_cuda_op> make_token_pool(const Packing &packing);
std::unique_ptr<earshot_cuda_op> make_transformer(const Packing &packing);
std::unique_ptr<earshot_cuda_op> make_concatenation(const Packing &packing);
std::unique_ptr<earshot_cuda_op> make_residual_separable(const Packing &packing, Arithmetic arithmetic);
std::unique_ptr<earshot_cuda_op> make_gru(const Packing &packing);
std::unique_ptr<earshot_cuda_op> make_gated_fusion(const Packing &packing);
std::unique_ptr<earshot_cuda_op> make_log_mel(const Packing &packing);

} // namespace earshot
