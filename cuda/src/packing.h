/* Puts weights into the order in which scalar_tile.h and tensor_tile.h read them. */
#pragma once

#include <cmath>
#include <vector>

#include "scalar_tile.h"
#include "tensor_tile.h"

namespace earshot {

/* The bits of a float, as packed weights hold those of SCALAR. */
std::uint32_t float_bits(float x);

/* A word of weights: one number of TF32, two of 16 bits; low is what high left of them, where a factor is split. */
struct WeightWord {
    std::uint32_t high;
    std::uint32_t low;
};
WeightWord weight_word(Arithmetic arithmetic, float first, float second);

/* The power of two that brings numbers up to `largest` into [2^13, 2^14); 1 where there is no such number. */
float scale_for_half(float largest);

/* The power of two above x; 1 where x is not a number above 0. */
float power_of_two(float x);

/* Scales a row of weights into half precision's range, and returns what its products must be multiplied with. */
float scale_row(float *row, std::int32_t width);

/* Appends one chunk for scalar_tile.h: weight(n, k) for n < TILE_COLUMNS, k < TILE_CHUNK. */
template <class Weight>
void pack_chunk(std::vector<std::uint32_t> &packed, const Weight &weight) {
    const std::size_t base = packed.size();
    packed.resize(base + TILE_CHUNK_WEIGHTS);
    for (int n = 0; n < TILE_COLUMNS; ++n) {
        for (int k = 0; k < TILE_CHUNK; ++k) {
            packed[base + static_cast<std::size_t>(weight_position(n, k))] = float_bits(weight(n, k));
        }
    }
}

/* Appends one step for tensor_tile.h: weight(tile, column, k), column < 8, k < step_numbers(arithmetic). */
template <class Weight>
void pack_step(std::vector<std::uint32_t> &packed, Arithmetic arithmetic, int tiles, const Weight &weight) {
    const std::size_t base = packed.size();
    packed.resize(base + static_cast<std::size_t>(step_words(arithmetic, tiles)));
    const int each = step_numbers(arithmetic) / 8;
    for (int tile = 0; tile < tiles; ++tile) {
        for (int column = 0; column < 8; ++column) {
            for (int word = 0; word < 8; ++word) {
                const WeightWord w = weight_word(arithmetic, weight(tile, column, word * each),
                                                 each == 2 ? weight(tile, column, word * each + 1) : 0.0F);
                const int lane = column * 4 + word % 4;
                const auto put = [&](int vector, int element, std::uint32_t bits) {
                    packed[base + static_cast<std::size_t>(vector * 128 + lane * 4 + element)] = bits;
                };
                if (splits(arithmetic)) {
                    put(tile, word / 4, w.high);
                    put(tile, 2 + word / 4, w.low);
                } else {
                    put(tile / 2, tile % 2 * 2 + word / 4, w.high);
                }
            }
        }
    }
}

} // namespace earshot
