/* The shapes of the tiled scan, and which sizes it takes. */
#include "scan_tiled.h"

namespace earshot {

bool scan_is_tiled(const SelectiveScan &scan) {
    return scan.state_width == scan_tiled_details::kStates && scan.dt_width == scan_tiled_details::kRank &&
           scan.inner % 4 == 0;
}

cudaError_t enqueue_tiled_ends(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    return plan.shape.lanes <= 2 ? launch_tiled<2, 2, 0, true>(scan, plan, stream)
                                 : launch_tiled<4, 2, 0, true>(scan, plan, stream);
}

cudaError_t enqueue_tiled_outputs(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    const auto is = [&](int lanes, int channels, int polynomial) {
        return plan.shape.lanes == lanes && plan.shape.channels == channels && plan.shape.polynomial == polynomial;
    };
    if (is(1, 2, 0)) {
        return launch_tiled<1, 2, 0, false>(scan, plan, stream);
    }
    if (is(2, 4, 0)) {
        return launch_tiled<2, 4, 0, false>(scan, plan, stream);
    }
    if (is(2, 2, 0)) {
        return launch_tiled<2, 2, 0, false>(scan, plan, stream);
    }
    if (is(4, 4, 0)) {
        return launch_tiled<4, 4, 0, false>(scan, plan, stream);
    }
    if (is(4, 2, 0)) {
        return launch_tiled<4, 2, 0, false>(scan, plan, stream);
    }
    if (is(4, 1, 0)) {
        return launch_tiled<4, 1, 0, false>(scan, plan, stream);
    }
    if (is(2, 2, 8)) {
        return launch_tiled<2, 2, 8, false>(scan, plan, stream);
    }
    if (is(4, 1, 8)) {
        return launch_tiled<4, 1, 8, false>(scan, plan, stream);
    }
    return cudaErrorNotSupported;
}

} // namespace earshot
