/* The order in which products want their weights (kernels/gemm.h). */
#pragma once

#include "kernel_table.h"

namespace earshot {

/* Two numbers rounded to bfloat16, nearest and ties to even, the first in the low half. */
float bf16_pair(float low, float high);

/* Packs a matrix for kernels/gemm.h: value(k, column) into panels, the columns beyond `columns` zero. k runs over `groups` of
 * `depth`, each of which starts with a word of its own. */
template <class Value>
void pack_panels(const Kernels &kernels, Index groups, Index depth, Index columns, Index columns_padded, float *to,
                 Value value) {
    const Index full = kernels.width * kernels.panel;
    for (Index first = 0; first < columns_padded; first += full) {
        const Index wide = columns_padded - first < full ? columns_padded - first : full;
        for (Index g = 0; g < groups; ++g) {
            for (Index k = 0; k < depth; k += kernels.pairs ? 2 : 1) {
                for (Index j = first; j < first + wide; ++j) {
                    const auto at = [&](Index step) {
                        return j < columns && step < depth ? value(g * depth + step, j) : 0.0F;
                    };
                    *to++ = kernels.pairs ? bf16_pair(at(k), at(k + 1)) : at(k);
                }
            }
        }
    }
}

/* Floats that panels take. */
Index packed_floats(const Kernels &kernels, Index groups, Index depth, Index columns_padded);

} // namespace earshot
