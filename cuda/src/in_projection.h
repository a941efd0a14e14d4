/* The start of a Mamba path: norm of the tokens, and in_proj of both directions' first layer. */
#pragma once

#include "packing.h"
#include "token_norm.h"

namespace earshot {

/*
 * h = norm(x) as TokenNorm has it, [x, z] = W (h rms(h)), for all columns of both directions. What is multiplied has a
 * mean square of at most 1, so no number exceeds sqrt(C).
 */
struct InProjection {
    TokenNorm norm; /* without rms; h empty for EARSHOT_NORM_NONE */
    std::int32_t columns;
    Span<const std::uint32_t> weights; /* pack_in_projection */
    Span<const float> scale;           /* [columns] */
    Span<float> out;                   /* [B, tokens, columns] */
};

/* Whether the kernel has room for a row of so many channels. */
bool has_in_projection(std::int32_t channels, std::int32_t columns, Arithmetic arithmetic);

/* Columns that are packed together; zeros stand for those that a matrix lacks. */
constexpr std::int32_t IN_PROJECTION_COLUMNS = 128;

/* Words of a packed matrix: for each 32 columns (tensor_tile.h's interleaved_column) all steps, one after the other. */
__host__ __device__ constexpr std::int32_t in_projection_words(Arithmetic arithmetic, std::int32_t columns,
                                                               std::int32_t channels) {
    return (columns + IN_PROJECTION_COLUMNS - 1) / IN_PROJECTION_COLUMNS * (IN_PROJECTION_COLUMNS / 32) *
           chunks_of(arithmetic, channels) * chunk_steps(arithmetic) * step_words(arithmetic, 4);
}

/* Packs a matrix [columns, channels]; `scale` gets what each column is multiplied with. */
std::vector<std::uint32_t> pack_in_projection(const std::vector<float> &matrix, std::int32_t columns,
                                              std::int32_t channels, Arithmetic arithmetic, std::vector<float> &scale);

cudaError_t enqueue(const InProjection &projection, Arithmetic arithmetic, cudaStream_t stream);

} // namespace earshot
