/* The shapes of the tiled scan, and which sizes it takes. */
#include "scan_tiled.h"

namespace earshot {

bool scan_is_tiled(const SelectiveScan &scan) {
    return scan.state_width == scan_tiled_details::STATES && scan.dt_width == scan_tiled_details::RANK &&
           scan.inner % 4 == 0;
}

bool scan_takes_pairs(std::int32_t inner, std::int32_t states, std::int32_t rank) {
    SelectiveScan scan = {};
    scan.inner = inner;
    scan.state_width = static_cast<std::int32_t>(divide_up(states, 4)) * 4;
    scan.dt_width = static_cast<std::int32_t>(divide_up(rank, 4)) * 4;
    return scan_is_tiled(scan);
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
