/* The base of operations, what their runs are given, and the functions that make them. */
#pragma once

#include <memory>

#include "arithmetic.h"
#include "boundary.h"
#include "carver.h"
#include "layer_kinds.h"

namespace earshot {

/* A layer, and the arithmetic of its large products. */
struct CudaPacking : Packing {
    Arithmetic arithmetic;
};

struct Arguments {
    Extents extents;
    Span<const float> input0;
    Span<const float> input1;
    Span<float> output;
    Span<float> scratch;
    cudaStream_t stream;
};

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

/* One function for each kind of layer: make_linear in linear.cu, and so on. */
#define EARSHOT_MAKE(kind, name) std::unique_ptr<earshot_cuda_op> make_##name(const CudaPacking &packing);
EARSHOT_LAYER_KINDS(EARSHOT_MAKE)
#undef EARSHOT_MAKE

} // namespace earshot
