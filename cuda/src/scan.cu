/*
 * Which variant of the selective scan runs.
 *
 * A scheduler needs work from several warps at any time, and cares little whose it is. Hence, with "warps" those of the
 * grid for each scheduler:
 *
 *  1. The first shape of scan_shapes() whose grid has the warps that the table there asks for, or else the last one.
 *     Shapes further down pay instructions for their parallelism.
 *  2. If even the last shape has fewer than SEGMENTS_BELOW warps, and the sequences have SHORTEST_SEGMENTED tokens or
 *     more: three passes over segments, as many as give the first shape with two lanes SEGMENT_WARPS warps, but none of
 *     less than a chunk of SEGMENT_UNIT tokens. The passes do nearly twice the work of one (the first lacks C and the
 *     gate only), but a lone warp mostly waits for itself. On an H200 one sequence of 512 tokens took 35 us in one
 *     launch and 19 in 16 segments; 16 sequences, 1.9 warps a scheduler, gained nothing.
 *  3. A block scans so many stretches one after the other (sparing itself the weights, and waiting less for its first
 *     tokens) as give the busiest multiprocessor the least to do, while the schedulers keep WARPS_KEPT warps each.
 */
#include <algorithm>

#include "scan_variants.h"

namespace earshot {
namespace {

constexpr std::int64_t SCHEDULERS = 4; /* of a multiprocessor */
constexpr double WARPS_KEPT = 3;
constexpr double SEGMENTS_BELOW = 1;
constexpr double SEGMENT_WARPS = 2;
constexpr std::int64_t SHORTEST_SEGMENTED = 256;
constexpr std::int64_t SEGMENT_UNIT = 32; /* the fast kernels' chunk */
constexpr std::int64_t BLOCK_WARPS = 4;
constexpr std::int64_t BLOCK_THREADS = 32 * BLOCK_WARPS;
constexpr std::int64_t MOST_STRETCHES = 8;
constexpr std::int64_t START_TOKENS = 16; /* what a block's start costs, in tokens */

/*
 * A shape, and the warps a scheduler from which on it is preferred to those after it. Alone on an H200, 4 lanes and 2
 * channels are about as fast as 4 and 1 from two warps on; within a network whose kernels start while the one in front
 * still runs, they made the time path (1.9 warps) 258 us instead of 231: few blocks crowd on the multiprocessors that
 * become free first. Hence the greater number.
 */
struct Preference {
    ScanShape shape;
    double warps;
};

std::vector<Preference> preferences(std::int32_t states) {
    if (states <= 4) {
        return {{{1, 2}, 1.5}, {{1, 1}, 0}};
    }
    if (states <= 8) {
        return {{{2, 2}, 1.5}, {{2, 1}, 0}};
    }
    if (states <= 16) {
        return {{{2, 2}, 2.5}, {{4, 2}, 3}, {{4, 1}, 0}};
    }
    if (states <= 32) {
        return {{{4, 2}, 1.5}, {{4, 1}, 0}};
    }
    if (states <= 64) {
        return {{{4, 1}, 0}};
    }
    return {};
}

/* Blocks that scan one stretch of every sequence. */
std::int64_t blocks_a_stretch(std::int32_t inner, ScanShape shape) {
    return 2 * divide_up(inner, BLOCK_THREADS / shape.lanes * shape.channels);
}

double warps_each(std::int64_t blocks, int multiprocessors) {
    return static_cast<double>(blocks * BLOCK_WARPS) / static_cast<double>(SCHEDULERS * multiprocessors);
}

template <int STATES>
cudaError_t enqueue_fast(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    if (plan.segments > 1) {
        cudaError_t error = enqueue_ends<STATES>(scan, plan, stream);
        if (error != cudaSuccess) {
            return error;
        }
        error = enqueue_carry(scan, plan, stream);
        if (error != cudaSuccess) {
            return error;
        }
    }
    return enqueue_outputs<STATES>(scan, plan, stream);
}

bool has_sizes(const SelectiveScan &scan) {
    return (scan.u_pairs.empty() || scan_takes_pairs(scan.inner, scan.states, scan.rank)) && scan.inner >= 1 &&
           scan.states >= 1 && scan.states <= MOST_STATES && scan.rank >= 1 &&
           scan.dt_width == divide_up(scan.rank, 4) * 4 && scan.state_width == divide_up(scan.states, 4) * 4 &&
           scan.sequences.count >= 1 && scan.sequences.length >= 1 && scan.sequences.inner >= 1;
}

} // namespace

std::vector<ScanShape> scan_shapes(std::int32_t states) {
    std::vector<ScanShape> shapes;
    for (const Preference &preference : preferences(states)) {
        shapes.push_back(preference.shape);
    }
    return shapes;
}

ScanPlan plan_shape(const Sequences &sequences, std::int32_t inner, ScanShape shape, std::int64_t segments,
                    int multiprocessors) {
    const std::int64_t length = divide_up(divide_up(sequences.length, segments), SEGMENT_UNIT) * SEGMENT_UNIT;
    const std::int64_t count = divide_up(sequences.length, length);
    const std::int64_t stretches = sequences.count * count;
    const std::int64_t tokens = std::min<std::int64_t>(length, sequences.length);
    std::int64_t best = 1;
    std::int64_t least = INT64_MAX;
    for (std::int64_t each = 1; each <= MOST_STRETCHES; ++each) {
        const std::int64_t blocks = blocks_a_stretch(inner, shape) * divide_up(stretches, each);
        if (each > 1 && warps_each(blocks, multiprocessors) < WARPS_KEPT) {
            break;
        }
        const std::int64_t work = divide_up(blocks, multiprocessors) * (each * tokens + START_TOKENS);
        if (work < least) {
            least = work;
            best = each;
        }
    }
    return {shape, static_cast<std::int32_t>(count), static_cast<std::int32_t>(length),
            static_cast<std::int32_t>(best)};
}

ScanPlan plan_scan(const Sequences &sequences, std::int32_t inner, std::int32_t states, int multiprocessors) {
    const std::vector<Preference> table = preferences(states);
    if (table.empty()) {
        return PLAIN_SCAN;
    }
    const auto warps = [&](ScanShape shape, std::int64_t segments) {
        return warps_each(blocks_a_stretch(inner, shape) * sequences.count * segments, multiprocessors);
    };
    std::int64_t segments = 1;
    if (warps(table.back().shape, 1) < SEGMENTS_BELOW && sequences.length >= SHORTEST_SEGMENTED) {
        const double one = warps({2, 2}, 1);
        segments = std::clamp(static_cast<std::int64_t>(SEGMENT_WARPS / one), std::int64_t{1},
                              sequences.length / SEGMENT_UNIT);
    }
    for (const Preference &preference : table) {
        if (warps(preference.shape, segments) >= preference.warps) {
            return plan_shape(sequences, inner, preference.shape, segments, multiprocessors);
        }
    }
    return plan_shape(sequences, inner, table.back().shape, segments, multiprocessors);
}

std::int64_t scan_scratch(const ScanPlan &plan, const Sequences &sequences, std::int32_t inner, std::int32_t states) {
    return sequences.count * (plan.segments - 1) * 2 * inner * (states + 1);
}

std::int64_t scan_scratch(const Sequences &sequences, std::int32_t inner, std::int32_t states, int multiprocessors) {
    return scan_scratch(plan_scan(sequences, inner, states, multiprocessors), sequences, inner, states);
}

cudaError_t enqueue(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    if (!has_sizes(scan)) {
        return cudaErrorInvalidValue;
    }
    if (plan.shape.lanes == 0) {
        return enqueue_plain(scan, stream);
    }
    if (scan.states <= 4) {
        return enqueue_fast<4>(scan, plan, stream);
    }
    if (scan.states <= 8) {
        return enqueue_fast<8>(scan, plan, stream);
    }
    if (scan.states <= 16) {
        return enqueue_fast<16>(scan, plan, stream);
    }
    if (scan.states <= 32) {
        return enqueue_fast<32>(scan, plan, stream);
    }
    return scan.states <= 64 ? enqueue_fast<64>(scan, plan, stream) : cudaErrorNotSupported;
}

cudaError_t enqueue(const SelectiveScan &scan, int multiprocessors, cudaStream_t stream) {
    const ScanPlan plan = plan_scan(scan.sequences, scan.inner, scan.states, multiprocessors);
    const cudaError_t error = enqueue(scan, plan, stream);
    return error == cudaErrorNotSupported ? enqueue(scan, PLAIN_SCAN, stream) : error;
}

} // namespace earshot
