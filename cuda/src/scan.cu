/* Which variant of the selective scan runs. */
#include "scan_variants.h"

namespace earshot {

std::int64_t scan_scratch(const Sequences &, std::int32_t, std::int32_t, int) { return 0; }

cudaError_t enqueue(const SelectiveScan &scan, int, cudaStream_t stream) {
    if (scan.inner < 1 || scan.states < 1 || scan.states > kMostStates || scan.rank < 1 || scan.sequences.count < 1 ||
        scan.sequences.length < 1) {
        return cudaErrorInvalidValue;
    }
    return enqueue_plain(scan, stream);
}

} // namespace earshot
