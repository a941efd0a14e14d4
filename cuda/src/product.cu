/* Which kernel makes a product, and the order in which it wants the weights. */
#include "product.h"

#include "runtime.h"
#include "vectors.h"

namespace earshot {

namespace {

bool in_fours(const Rows &rows) {
    return rows.width == 0 || (rows.stride % 4 == 0 && earshot::in_fours(rows.width, {rows.values.data()}));
}

} // namespace

ProductAccess access_of(const Product &p) {
    const bool residual = p.residual.values.empty() || (p.residual_step % 4 == 0 && p.residual.stride % 4 == 0 &&
                                                        earshot::in_fours(p.columns, {p.residual.values.data()}));
    return {{in_fours(p.source[0]) && p.source_step % 4 == 0, in_fours(p.source[1]) && p.source_step % 4 == 0},
            residual && p.out_stride % 4 == 0 && p.out_step % 4 == 0 &&
                earshot::in_fours(p.columns, {p.out.data(), p.bias.data()})};
}

cudaError_t enqueue(const Product &p, Arithmetic arithmetic, cudaStream_t stream) {
    if (p.rows == 0) {
        return cudaSuccess;
    }
    if (arithmetic == Arithmetic::SCALAR) {
        return enqueue_scalar(p, stream);
    }
    return uses_warpgroups() ? enqueue_warpgroup(p, arithmetic, stream) : enqueue_tensor(p, arithmetic, stream);
}

std::vector<std::uint32_t> pack_product(const std::vector<std::vector<HostMatrix>> &groups, Arithmetic arithmetic) {
    if (arithmetic != Arithmetic::SCALAR && uses_warpgroups()) {
        return pack_warpgroup_product(groups, arithmetic);
    }
    std::vector<std::uint32_t> packed;
    for (const std::vector<HostMatrix> &sources : groups) {
        const std::int32_t columns = sources[0].columns;
        if (arithmetic == Arithmetic::SCALAR) {
            for (std::int32_t column0 = 0; column0 < columns; column0 += TILE_COLUMNS) {
                for (const HostMatrix &matrix : sources) {
                    for (std::int32_t k0 = 0; k0 < matrix.width; k0 += TILE_CHUNK) {
                        pack_chunk(packed, [&](int n, int k) {
                            return matrix.at(std::int64_t{column0} + n, std::int64_t{k0} + k);
                        });
                    }
                }
            }
            continue;
        }
        /* Two warps' 32 columns make a block's 64. */
        for (std::int32_t column0 = 0; column0 < (columns + 63) / 64 * 64; column0 += 32) {
            for (const HostMatrix &matrix : sources) {
                const std::int32_t width = chunks_of(arithmetic, matrix.width) * chunk_numbers(arithmetic);
                for (std::int32_t k0 = 0; k0 < width; k0 += step_numbers(arithmetic)) {
                    pack_step(packed, arithmetic, 4, [&](int tile, int column, int k) {
                        return matrix.at(std::int64_t{column0} + interleaved_column(tile, column),
                                         std::int64_t{k0} + k);
                    });
                }
            }
        }
    }
    return packed;
}

} // namespace earshot
