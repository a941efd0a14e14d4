/*
 * The variants of the selective scan behind enqueue(), and the rule that picks one. Tests and the kernel benchmark pick
 * for themselves.
 */
#pragma once

#include <vector>

#include "scan.h"

namespace earshot {

constexpr std::int32_t MOST_STATES = 256;
constexpr std::size_t MOST_SCAN_SHARED = 48 << 10; /* bytes of shared memory that every kernel may have */

/* How many lanes of a warp share the states of a channel, and how many channels a thread has. */
struct ScanShape {
    int lanes, channels;

    friend constexpr bool operator==(const ScanShape &a, const ScanShape &b) {
        return a.lanes == b.lanes && a.channels == b.channels;
    }
};

/*
 * One launch, or three: a sequence is cut into `segments` stretches of `segment_length` tokens. A block scans
 * `stretches_per_block` of them one after the other. No lanes means the plain variant.
 */
struct ScanPlan {
    ScanShape shape;
    std::int32_t segments;
    std::int32_t segment_length;
    std::int32_t stretches_per_block;
};

constexpr ScanPlan PLAIN_SCAN = {{0, 0}, 1, 0, 0};

/* The shapes that exist for so many states, from the most economical to the most parallel; none beyond 64 states. */
std::vector<ScanShape> scan_shapes(std::int32_t states);

/* The rule for the sizes of a scan; scan.cu has its reasons. */
ScanPlan plan_scan(const Sequences &sequences, std::int32_t inner, std::int32_t states, int multiprocessors);
/* A plan in a given shape with about so many segments (1 for a single launch). */
ScanPlan plan_shape(const Sequences &sequences, std::int32_t inner, ScanShape shape, std::int64_t segments,
                    int multiprocessors);

/* Floats of carry that a plan needs. */
std::int64_t scan_scratch(const ScanPlan &plan, const Sequences &sequences, std::int32_t inner, std::int32_t states);

/* cudaErrorNotSupported where the plan's kernel has too little shared memory for the rank; then nothing is enqueued. */
cudaError_t enqueue(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream);

/* One thread a channel: any size. */
cudaError_t enqueue_plain(const SelectiveScan &scan, cudaStream_t stream);

/* The passes of a plan with several segments: each segment's last states, from zero, and its sum of deltas into the
   carry; from these each segment's first states; the outputs. Of a plan with one segment: the outputs alone. */
template <int STATES>
cudaError_t enqueue_ends(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream);
cudaError_t enqueue_carry(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream);
template <int STATES>
cudaError_t enqueue_outputs(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream);

/* The same for the sizes that the tiled kernel takes. */
bool scan_is_tiled(const SelectiveScan &scan);
cudaError_t enqueue_tiled_ends(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream);
cudaError_t enqueue_tiled_outputs(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream);

} // namespace earshot
