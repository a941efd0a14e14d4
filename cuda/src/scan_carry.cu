/*
 * Second of the three passes over segmented sequences: what a segment starts with. A segment's decay is
 * exp2(a (sum of its deltas)), so the first pass hands on one number a channel instead of one a state.
 *
 * Idea: a thread a state of a channel, over the sequence's segments one after the other; neighbouring threads have
 * neighbouring channels. In place: slot k of a sequence is the end of its segment k before, the start of its segment
 * k + 1 after.
 *
 * Bytes a slot and state: 8, and 4 / N for the sums; flops 3; exp2 1. Expected limit: the latency of a load and a
 * multiply-add for each of some tens of segments, 10 to 20 us.
 */
#include "intrinsics.h"
#include "scan_variants.h"

namespace earshot {
namespace {

constexpr int kThreads = 128;

__global__ void __launch_bounds__(kThreads) scan_carry(const SelectiveScan p, const std::uint32_t tiles,
                                                       const int slots) {
    const std::int64_t lane_states = static_cast<std::int64_t>(2) * p.states * p.inner;
    const std::int64_t i = static_cast<std::int64_t>(blockIdx.x % tiles) * kThreads + threadIdx.x;
    if (i >= lane_states) {
        return;
    }
    const std::int64_t first_slot = static_cast<std::int64_t>(blockIdx.x / tiles) * slots;
    const std::int64_t all_slots = p.sequences.count * slots;
    const std::int64_t direction = i / (static_cast<std::int64_t>(p.states) * p.inner);
    const std::int64_t channel = i % p.inner;
    const float a = p.a[i];
    float start = p.carry[first_slot * lane_states + i];
    for (int k = 1; k < slots; ++k) {
        const std::int64_t slot = first_slot + k;
        const float sum = p.carry[all_slots * lane_states + (slot * 2 + direction) * p.inner + channel];
        start = fmaf(fast_exp2(a * sum), start, p.carry[slot * lane_states + i]);
        p.carry[slot * lane_states + i] = start;
    }
}

} // namespace

cudaError_t enqueue_carry(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    const std::int64_t tiles = divide_up(static_cast<std::int64_t>(2) * scan.states * scan.inner, kThreads);
    if (tiles * scan.sequences.count > INT32_MAX) {
        return cudaErrorInvalidValue;
    }
    return launch("scan_carry", scan_carry, dim3(static_cast<unsigned>(tiles * scan.sequences.count)), dim3(kThreads), 0,
                  stream, scan, static_cast<std::uint32_t>(tiles), plan.segments - 1);
}

} // namespace earshot
