/*
 * Matrix products of activations with weights, and the packing of weights into the order of tile.h.
 */
#pragma once

#include <vector>

#include "tile.h"

namespace earshot {

/* Rows of activations: row r, number k at r * stride + k, `width` numbers of each row. */
struct Rows {
    Span<const float> values;
    std::int64_t stride;
    std::int32_t width;
};

/*
 * out[r, n] = scale[r] * (sum over both sources of source[r, :] . weight[n, :]) + bias[n] + residual[r, n], done for
 * `groups` (the two directions of a Mamba layer) side by side: group g reads its sources from g * source_step on and
 * writes from column g * out_step on.
 */
struct Product {
    std::int64_t rows;
    std::int32_t columns;
    std::int32_t groups;
    Rows source[2]; /* the second may have width 0 */
    std::int32_t source_step;
    Span<const std::uint32_t> weights; /* of all groups, packed */
    Span<const float> scale;           /* [rows, scale_stride] from g * scale_step on, or empty */
    std::int32_t scale_stride;
    std::int32_t scale_step;
    Span<const float> bias; /* [groups, columns], or empty */
    Rows residual;          /* from g * residual_step on, or empty */
    std::int32_t residual_step;
    Span<float> out;
    std::int64_t out_stride;
    std::int32_t out_step;
};

/* A matrix [columns, width] in host memory, row after row. */
struct HostMatrix {
    std::int32_t columns;
    std::int32_t width;
    std::vector<float> values;
};

/*
 * Packs the matrices that multiply a product's sources, for each group one after the other: the columns of weight of
 * the first source, then of the second, each filled up with zeros to whole chunks and tiles.
 */
std::vector<std::uint32_t> pack_product(const std::vector<std::vector<HostMatrix>> &groups, Arithmetic arithmetic);

/* Appends one chunk of weights for one tile of columns: weight(n, k) for n < TILE_COLUMNS, k < chunk_elements. */
template <class Weight>
void pack_chunk(std::vector<std::uint32_t> &packed, Arithmetic arithmetic, const Weight &weight);

cudaError_t enqueue(const Product &product, Arithmetic arithmetic, cudaStream_t stream);

/* The bits that the arithmetic's word holds for one number (or, for BF16, two). */
std::uint32_t weight_word(Arithmetic arithmetic, float first, float second);

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
