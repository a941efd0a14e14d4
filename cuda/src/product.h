/*
 * Matrix products of activations with weights.
 */
#pragma once

#include <vector>

#include "packing.h"

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
    /* In place of the first source's values, where product_takes_pairs(): words of two bfloat16; stride, width and step
       are in numbers all the same. */
    Span<const std::uint32_t> pairs;
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

    /* Zero outside. */
    float at(std::int64_t column, std::int64_t k) const {
        return column < columns && k < width ? values[static_cast<std::size_t>(column * width + k)] : 0.0F;
    }
};

/*
 * Packs the matrices that multiply a product's sources, for each group one after the other: the columns of weight of
 * the first source, then of the second, each filled up with zeros to whole chunks and tiles. The arithmetic takes
 * activations as floats: SCALAR, SPLIT, TF32 or BF16.
 */
std::vector<std::uint32_t> pack_product(const std::vector<std::vector<HostMatrix>> &groups, Arithmetic arithmetic);

cudaError_t enqueue(const Product &product, Arithmetic arithmetic, cudaStream_t stream);

/* Whether a product of sources of these widths may have pairs. */
bool product_takes_pairs(Arithmetic arithmetic, std::int32_t first_width, std::int32_t second_width);

/* What enqueue() chooses from: product_scalar.cu, and for everything but SCALAR product_warpgroup.cu where the device
   has them, product_tensor.cu elsewhere. */
cudaError_t enqueue_scalar(const Product &product, cudaStream_t stream);
cudaError_t enqueue_tensor(const Product &product, Arithmetic arithmetic, cudaStream_t stream);
cudaError_t enqueue_warpgroup(const Product &product, Arithmetic arithmetic, cudaStream_t stream);

/* pack_product() for product_warpgroup.cu. */
std::vector<std::uint32_t> pack_warpgroup_product(const std::vector<std::vector<HostMatrix>> &groups,
                                                  Arithmetic arithmetic);

/* How a product's memory may be touched: 16 bytes at a time, or only 4. */
struct ProductAccess {
    bool source[2];
    bool out;
};
ProductAccess access_of(const Product &product);

} // namespace earshot
