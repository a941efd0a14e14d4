/* Weights on their way from the boundary to the kernels. */
#pragma once

#include "arena.h"
#include "kernel_table.h"

namespace earshot {

/* Prepares weights for the kernels, in memory of its own. */
class WeightPacker {
  public:
    explicit WeightPacker(const Kernels &kernels) : kernels_(kernels) {}

    float *zeros(Index floats) { return arena_.zeros(floats); }
    const float *copied(const float *from, Index count);
    /* A vector, with zeros behind it up to a multiple of the processor's vectors. */
    const float *padded(const float *from, Index count);
    /* [rows, columns] to [columns, padded rows]. */
    const float *transposed(const float *from, Index rows, Index columns);
    /* A linear layer's weight [outputs, inputs] to panels. */
    const float *panels(const float *from, Index outputs, Index inputs);
    /* [rows, columns] to operands, [padded_rows, padded columns]. */
    const float *operand_rows(const float *from, Index rows, Index padded_rows, Index columns);
    /* A convolution's weight [outputs, inputs, 3, 3] and bias [outputs]. */
    Convolution3x3 convolution(const float *weight, const float *bias, Index outputs, Index inputs);

  private:
    const Kernels &kernels_;
    Arena arena_;
};

} // namespace earshot
