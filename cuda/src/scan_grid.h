/* What the kernels of the fast scans share: blocks of 128 threads, and which stretches of which sequences are whose. */
#pragma once

#include <algorithm>
#include <cstdlib>

#include "scan_variants.h"

namespace earshot {

constexpr int SCAN_THREADS = 128;
constexpr int SCAN_CHUNK = 32; /* tokens whose dt, B and C lie in shared memory; there are two such buffers */

struct ScanGrid {
    std::int32_t tiles;     /* of channels */
    std::int32_t stretches; /* of all sequences */
    std::int32_t stride;    /* from a block's stretch to its next */
    std::int32_t segments;  /* stretches of a sequence */
    std::int32_t segment_length;
};

/* A run of tokens: `row` is the first one's in the direction's order, of [tokens, 2]. */
struct Stretch {
    std::int64_t row;
    int length;
    int segment; /* of its sequence */
};

__device__ __forceinline__ Stretch stretch_of(const SelectiveScan &p, const ScanGrid &grid, int direction, int index) {
    /* Divisions of 64 bits, or that nobody needs, would cost as much as a token of a warp each. */
    unsigned sequence = static_cast<unsigned>(index);
    unsigned segment = 0;
    if (grid.segments > 1) {
        sequence /= static_cast<unsigned>(grid.segments);
        segment = static_cast<unsigned>(index) - sequence * static_cast<unsigned>(grid.segments);
    }
    const int begin = static_cast<int>(segment) * grid.segment_length;
    const int place = direction == 0 ? begin : p.sequences.length - 1 - begin;
    const auto across = static_cast<unsigned>(p.sequences.inner);
    unsigned outer = sequence;
    unsigned inner = 0;
    if (across > 1) {
        outer = sequence / across;
        inner = sequence - outer * across;
    }
    const std::int64_t first = outer * p.sequences.outer_stride + inner * p.sequences.inner_stride;
    return {(first + place * p.sequences.step) * 2 + direction, min(grid.segment_length, p.sequences.length - begin),
            static_cast<int>(segment)};
}

/* Launches one pass of a plan by a kernel whose blocks have so many channels; the first of three passes (`ends`) leaves
   out a sequence's last segment, whose end nobody needs. */
inline cudaError_t launch_scan_grid(const char *name, void (*kernel)(const SelectiveScan, const ScanGrid),
                                    std::int64_t channels, std::size_t shared, bool ends, const SelectiveScan &scan,
                                    const ScanPlan &plan, cudaStream_t stream) {
    const std::int32_t segments = ends ? plan.segments - 1 : plan.segments;
    const std::int64_t tiles = divide_up(scan.inner, channels);
    const std::int64_t stretches = scan.sequences.count * segments;
    const std::int64_t stride = divide_up(stretches, plan.stretches_per_block);
    if (shared > MOST_SCAN_SHARED) {
        return cudaErrorNotSupported;
    }
    /* Kernels step from token to token by 32 bits, of values and of rows of dt, B and C. */
    const std::int64_t widest = std::max(scan.inner, scan.dt_width + 2 * scan.state_width);
    if (2 * std::abs(scan.sequences.step) * widest > INT32_MAX || scan.sequences.inner > INT32_MAX ||
        stretches + stride > INT32_MAX || stride * 2 * tiles > INT32_MAX) {
        return cudaErrorInvalidValue;
    }
    const ScanGrid grid = {static_cast<std::int32_t>(tiles), static_cast<std::int32_t>(stretches),
                           static_cast<std::int32_t>(stride), segments, plan.segment_length};
    return launch(name, kernel, dim3(static_cast<unsigned>(stride * 2 * tiles)), dim3(SCAN_THREADS), shared, stream,
                  scan, grid);
}

} // namespace earshot
