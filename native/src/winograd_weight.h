/* The weights of 3x3 convolutions as Winograd's algorithm takes them. */
#pragma once

#include "index.h"

namespace earshot {

/* Channels in and out from which Winograd's algorithm pays. */
constexpr Index WINOGRAD_CHANNELS = 16;

/*
 * G w G' (kernels/winograd.h) of a kernel [3, 3] at one of FREQUENCIES, the bands' fastest: G takes the kernel's
 * polynomial at a point and divides it by the product of the point's distances to the other points; the last row is for
 * infinity.
 */
float winograd_weight(const float *kernel, Index frequency);

} // namespace earshot
