/* The base of operations, what their runs are given, and the functions that make them. */
#pragma once

#include <memory>

#include "boundary.h"
#include "earshot_cpu.h"
#include "kernel_table.h"
#include "layer_kinds.h"
#include "team.h"

namespace earshot {

/* A layer, and what it is to be computed with. */
struct CpuPacking : Packing {
    std::int32_t isa, precision;
    bool adds_aside; /* whether the processor adds beside its multiply-adds (instruction_sets.h) */

    /* Kernels for the precision asked for, */
    const Kernels &kernels() const;
    /* and for a layer that computes in float32 whatever was asked for. */
    const Kernels &float32_kernels() const;
};

struct Arguments {
    Extents extents;
    const float *input0;
    const float *input1;
    float *output;
    float *scratch;
};

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

namespace earshot {

/* One function for each kind of layer: make_linear in linear.cpp, and so on. */
#define EARSHOT_MAKE(kind, name) std::unique_ptr<earshot_cpu_op> make_##name(const CpuPacking &packing);
EARSHOT_LAYER_KINDS(EARSHOT_MAKE)
#undef EARSHOT_MAKE

} // namespace earshot
