#include "parts.h"

#include <algorithm>
#include <atomic>

namespace earshot {

namespace {

constexpr Index MOST_FLOATS = INT32_MAX;
/* Blocks that a grid may have in its second and third dimension. */
constexpr Index MOST_CLIPS = 65535;

std::atomic<Index> most_floats{MOST_FLOATS};
std::atomic<Index> most_clips{MOST_CLIPS};

/* The elements of the largest tensor. */
Index largest(const earshot_cuda_op &op, const Extents &e) {
    return std::max({op.input0_floats(e), op.input1_floats(e), op.output_floats(e), op.scratch_floats(e)});
}

} // namespace

Parts parts_of(const earshot_cuda_op &op, const Extents &extents) {
    op.check({1, extents.frames, extents.bands});
    Index clips = std::min<Index>(extents.batch, most_clips);
    for (;;) {
        /* As few clips as so many parts need: then none is much smaller than the others. */
        const Parts parts = {extents, divide_up(extents.batch, divide_up(extents.batch, clips))};
        const Index floats = largest(op, parts.part(0));
        if (parts.clips == 1 || floats <= most_floats) {
            op.check(parts.part(0));
            return parts;
        }
        const double share = static_cast<double>(most_floats) / static_cast<double>(floats);
        const auto estimate = static_cast<Index>(share * static_cast<double>(parts.clips));
        clips = std::clamp<Index>(estimate, 1, parts.clips - 1);
    }
}

Index scratch_of(const earshot_cuda_op &op, const Parts &parts) {
    return std::max(op.scratch_floats(parts.part(0)), op.scratch_floats(parts.part(parts.count() - 1)));
}

void limit_parts(Index floats, Index clips) {
    most_floats = floats == 0 ? MOST_FLOATS : floats;
    most_clips = clips == 0 ? MOST_CLIPS : clips;
}

} // namespace earshot
