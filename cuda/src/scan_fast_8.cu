/* Up to 8 states. */
#include "scan_fast.h"

namespace earshot {

template <> cudaError_t enqueue_ends<8>(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    return launch_scan<8, 2, 2, 0, true>(scan, plan, stream);
}

template <> cudaError_t enqueue_outputs<8>(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    if (plan.shape.channels == 2) {
        return launch_scan<8, 2, 2, 0, false>(scan, plan, stream);
    }
    return launch_scan<8, 2, 1, 0, false>(scan, plan, stream);
}

} // namespace earshot
