/* The shapes of the tiled scan, and which sizes it takes. */
#include "scan_tiled.h"

namespace earshot {

bool scan_is_tiled(const SelectiveScan &scan) {
    return scan.state_width == scan_tiled_details::STATES && scan.dt_width == scan_tiled_details::RANK &&
           scan.inner % 4 == 0;
}

cudaError_t enqueue_tiled_ends(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    return plan.shape.lanes == 2 ? launch_tiled<2, 2, true>(scan, plan, stream)
                                 : launch_tiled<4, 2, true>(scan, plan, stream);
}

cudaError_t enqueue_tiled_outputs(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    if (plan.shape.lanes == 2) {
        return launch_tiled<2, 2, false>(scan, plan, stream);
    }
    return plan.shape.channels == 2 ? launch_tiled<4, 2, false>(scan, plan, stream)
                                    : launch_tiled<4, 1, false>(scan, plan, stream);
}

} // namespace earshot
