/* Affine maps by a kernel of their own. */
#pragma once

#include "affine.h"

namespace earshot {

/* output [B, outputs] of input [B, inputs]. */
cudaError_t enqueue_linear(const Affine &a, Index batch, const Span<const float> &input, const Span<float> &output,
                           cudaStream_t stream);

} // namespace earshot
