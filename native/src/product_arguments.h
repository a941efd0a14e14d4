/* What a matrix product is called with. */
#pragma once

#include "index.h"

namespace earshot {

/* c = bias + a W (+ r). */
struct ProductRun {
    const float *a;
    Index lda, depth, rows;
    const float *weight; /* one group of panels */
    const float *bias;   /* padded */
    Index columns;
    float *c;
    Index ldc;
    const float *r; /* null for none */
    Index ldr;
};

} // namespace earshot
