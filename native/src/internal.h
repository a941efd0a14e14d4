/* Pieces that the layers share: aligned memory, packed weights, small products, and the base of operations. */
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "boundary.h"
#include "earshot_cpu.h"
#include "plan.h"
#include "team.h"

namespace earshot {

/* Zeroed blocks of floats, each aligned to a line of the cache, freed together. */
class Arena {
  public:
    float *zeros(Index floats);

  private:
    struct Free {
        void operator()(float *p) const noexcept;
    };
    std::vector<std::unique_ptr<float, Free>> blocks_;
};

/* A layer, and what it is to be computed with. */
struct CpuPacking : Packing {
    std::int32_t isa, precision;

    /* Kernels for the precision asked for, */
    const Kernels &kernels() const;
    /* and for a layer that computes in float32 whatever was asked for. */
    const Kernels &float32_kernels() const;
};

/* Cuts scratch memory into aligned pieces; without memory it only counts. */
class Carver {
  public:
    explicit Carver(float *base);
    float *take(Index floats);
    /* Floats taken so far and what aligning the start may cost. */
    Index floats() const;

  private:
    float *base_;
    Index used_ = 0;
};

/* Extents of input 0. */
struct Extents {
    Index batch, frames, bands;
};

struct Arguments {
    Extents extents;
    const float *input0;
    const float *input1;
    float *output;
    float *scratch;
};

/* Fails where there is no such set or precision, or where this processor lacks it. */
const Kernels &kernels_for(std::int32_t isa, std::int32_t precision);
/* Fails where there is no such precision. */
void require_precision(std::int32_t precision);
std::int32_t isa_of(const Kernels &kernels);

/* Two numbers rounded to bfloat16, nearest and ties to even, the first in the low half. */
float bf16_pair(float low, float high);

/* Packs a matrix for gemm.h: value(k, column) into panels, the columns beyond `columns` zero. k runs over `groups` of
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

/* Prepares weights for the kernels, in memory of its own. */
class WeightPacker {
  public:
    explicit WeightPacker(const Kernels &kernels) : kernels_(kernels) {}

    float *zeros(Index floats) { return arena_.zeros(floats); }
    const float *copied(const float *from, Index count);
    /* A vector, with zeros behind it up to a multiple of the processor's vectors. */
    const float *padded(const float *from, Index count);
    /* [rows, columns] to [columns, padded rows]. */
    const float *transposed(const float *from, Index rows, Index columns);
    /* A linear layer's weight [outputs, inputs] to panels. */
    const float *panels(const float *from, Index outputs, Index inputs);
    /* A convolution's weight [outputs, inputs, 3, 3] and bias [outputs]. */
    Convolution3x3 convolution(const float *weight, const float *bias, Index outputs, Index inputs);

  private:
    const Kernels &kernels_;
    Arena arena_;
};

/* y = W x + b, W [outputs, inputs], for few numbers: in double precision, the same for every instruction set. */
struct Affine {
    const float *weight;
    const float *bias; /* null for none */
    Index inputs, outputs;

    double operator()(const float *x, Index o) const;
};

double sigmoid(double x);

/* Calls body(from, to, thread) for blocks of at most `most` rows that together are all rows. */
template <class Body>
void each_block(Index rows, Index most, Team &team, const Body &body) {
    team.each((rows + most - 1) / most, [&](Index task, int thread) {
        const Index from = task * most;
        body(from, from + most < rows ? from + most : rows, thread);
    });
}

/* Rows of a convolution's output that a task computes: few enough to share the work out, enough to reuse the rows they
 * read. */
constexpr Index BLOCK_ROWS = 16;

/* One function for each kind of layer. */
std::unique_ptr<earshot_cpu_op> make_linear(const CpuPacking &packing);
std::unique_ptr<earshot_cpu_op> make_global_pool(const CpuPacking &packing);
std::unique_ptr<earshot_cpu_op> make_context_encoder(const CpuPacking &packing);
std::unique_ptr<earshot_cpu_op> make_dense_encoder(const CpuPacking &packing);
std::unique_ptr<earshot_cpu_op> make_mamba_path(const CpuPacking &packing);
std::unique_ptr<earshot_cpu_op> make_band_norm(const CpuPacking &packing);
std::unique_ptr<earshot_cpu_op> make_squeeze_excitation(const CpuPacking &packing);
std::unique_ptr<earshot_cpu_op> make_token_pool(const CpuPacking &packing);
std::unique_ptr<earshot_cpu_op> make_transformer(const CpuPacking &packing);
std::unique_ptr<earshot_cpu_op> make_concatenation(const CpuPacking &packing);
std::unique_ptr<earshot_cpu_op> make_residual_separable(const CpuPacking &packing);
std::unique_ptr<earshot_cpu_op> make_gru(const CpuPacking &packing);
std::unique_ptr<earshot_cpu_op> make_gated_fusion(const CpuPacking &packing);

} // namespace earshot

/* Base of all operations. */
struct earshot_cpu_op {
    explicit earshot_cpu_op(const earshot::Kernels &chosen) : kernels(chosen) {}
    earshot_cpu_op(const earshot_cpu_op &) = delete;
    earshot_cpu_op &operator=(const earshot_cpu_op &) = delete;
    virtual ~earshot_cpu_op() = default;

    /* Fails where the operation cannot take such an input. */
    virtual void check(const earshot::Extents &extents) const = 0;
    virtual earshot::Index input0_floats(const earshot::Extents &extents) const = 0;
    virtual earshot::Index input1_floats(const earshot::Extents &extents) const;
    virtual earshot::Index output_floats(const earshot::Extents &extents) const = 0;
    virtual earshot::Index scratch_floats(const earshot::Extents &extents, int threads) const;
    virtual void run(const earshot::Arguments &arguments, earshot::Team &team) const = 0;

    const earshot::Kernels &kernels;
};
