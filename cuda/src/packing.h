/* Puts weights into the order in which tile.h reads them. */
#pragma once

#include <vector>

#include "tile.h"

namespace earshot {

/* The bits that the arithmetic's word holds for one number (or, for BF16, two). */
std::uint32_t weight_word(Arithmetic arithmetic, float first, float second);

/* Appends one chunk of weights for one tile of columns: weight(n, k) for n < TILE_COLUMNS, k < chunk_elements. */
template <class Weight>
void pack_chunk(std::vector<std::uint32_t> &packed, Arithmetic arithmetic, const Weight &weight) {
    const std::size_t base = packed.size();
    packed.resize(base + CHUNK_WEIGHTS);
    const int per_word = chunk_elements(arithmetic) / CHUNK_WORDS;
    for (int n = 0; n < TILE_COLUMNS; ++n) {
        for (int k = 0; k < CHUNK_WORDS; ++k) {
            packed[base + static_cast<std::size_t>(weight_position(n, k))] =
                weight_word(arithmetic, weight(n, k * per_word), per_word == 2 ? weight(n, k * 2 + 1) : 0.0F);
        }
    }
}

} // namespace earshot
