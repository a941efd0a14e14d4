/*
 * Second of the three passes over segmented sequences: what a segment starts with. A segment's decay is
 * exp2(a (sum of its deltas)), so the first pass hands on one number a channel instead of one a state.
 *
 * Idea: a thread a state of a channel, over the sequence's segments one after the other; neighbouring threads have
 * neighbouring channels. In place: slot k of a sequence is the end of its segment k before, the start of its segment
 * k + 1 after. Slots are read eight at a time, so that memory is waited for once for all of them.
 *
 * Bytes a slot and state: 8, and 4 for a sum that other states' threads read too (L1); flops 3; exp2 1. Expected limit:
 * latency, about 0.5 us for eight segments; some 3 us for the tens of segments that the rule in scan.cu makes.
 */
#include "intrinsics.h"
#include "scan_variants.h"

namespace earshot {
namespace {

constexpr int THREADS = 128;
constexpr int BATCH = 8;

__global__ void __launch_bounds__(THREADS)
    scan_carry(const SelectiveScan p, const std::uint32_t tiles, const int slots) {
    begin_kernel();
    const std::int64_t slot_states = static_cast<std::int64_t>(2) * p.states * p.inner;
    const std::int64_t i = static_cast<std::int64_t>(blockIdx.x % tiles) * THREADS + threadIdx.x;
    if (i >= slot_states) {
        return;
    }
    const std::int64_t first_slot = static_cast<std::int64_t>(blockIdx.x / tiles) * slots;
    const std::int64_t all_slots = p.sequences.count * slots;
    const std::int64_t direction = i / (static_cast<std::int64_t>(p.states) * p.inner);
    const std::int64_t channel = i % p.inner;
    const float a = p.a[i];
    float start = p.carry[first_slot * slot_states + i];
    for (int from = 1; from < slots; from += BATCH) {
        float sum[BATCH];
        float end[BATCH];
#pragma unroll
        for (int k = 0; k < BATCH; ++k) {
            const std::int64_t slot = first_slot + from + k;
            const bool exists = from + k < slots;
            sum[k] = exists ? p.carry[all_slots * slot_states + (slot * 2 + direction) * p.inner + channel] : 0.0F;
            end[k] = exists ? p.carry[slot * slot_states + i] : 0.0F;
        }
#pragma unroll
        for (int k = 0; k < BATCH; ++k) {
            start = fmaf(fast_exp2(a * sum[k]), start, end[k]);
            if (from + k < slots) {
                p.carry[(first_slot + from + k) * slot_states + i] = start;
            }
        }
    }
}

} // namespace

cudaError_t enqueue_carry(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    const std::int64_t tiles = divide_up(static_cast<std::int64_t>(2) * scan.states * scan.inner, THREADS);
    if (tiles * scan.sequences.count > INT32_MAX) {
        return cudaErrorInvalidValue;
    }
    return launch("scan_carry", scan_carry, dim3(static_cast<unsigned>(tiles * scan.sequences.count)), dim3(THREADS), 0,
                  stream, scan, static_cast<std::uint32_t>(tiles), plan.segments - 1);
}

} // namespace earshot
