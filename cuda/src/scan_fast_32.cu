/* Up to 32 states. */
#include "scan_fast.h"

namespace earshot {

template <> cudaError_t enqueue_ends<32>(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    return launch_scan<32, 4, 2, 0, true>(scan, plan, stream);
}

template <> cudaError_t enqueue_outputs<32>(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    if (plan.shape.channels == 2) {
        return launch_scan<32, 4, 2, 0, false>(scan, plan, stream);
    }
    return launch_scan<32, 4, 1, 0, false>(scan, plan, stream);
}

} // namespace earshot
