/* Up to 64 states. */
#include "scan_fast.h"

namespace earshot {

template <> cudaError_t enqueue_ends<64>(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    return launch_scan<64, 4, 1, 0, true>(scan, plan, stream);
}

template <> cudaError_t enqueue_outputs<64>(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    return launch_scan<64, 4, 1, 0, false>(scan, plan, stream);
}

} // namespace earshot
