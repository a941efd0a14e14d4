/* What the attention of a transformer is called with. */
#pragma once

#include "index.h"

namespace earshot {

/* One transformer layer's attention: qkv is [tokens, row] with q, k and v, `width` wide each. */
struct AttentionRun {
    const float *qkv;
    Index row, tokens, width, heads;
    float *scores; /* [P(tokens)] */
    float *to;     /* [tokens, to_row] */
    Index to_row;
};

} // namespace earshot
