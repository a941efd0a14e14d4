/* Up to 16 states, the papers' number; ranks of up to 4 (64 channels before the expansion) have their own kernels. */
#include "scan_fast.h"

namespace earshot {
namespace {

template <int LANES, int CHANNELS, bool ENDS>
cudaError_t launch_shape(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    return scan.dt_width == 4 ? launch_scan<16, LANES, CHANNELS, 4, ENDS>(scan, plan, stream)
                              : launch_scan<16, LANES, CHANNELS, 0, ENDS>(scan, plan, stream);
}

} // namespace

template <>
cudaError_t enqueue_ends<16>(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    return scan_is_tiled(scan) ? enqueue_tiled_ends(scan, plan, stream) : launch_shape<2, 2, true>(scan, plan, stream);
}

template <>
cudaError_t enqueue_outputs<16>(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    if (scan_is_tiled(scan)) {
        return enqueue_tiled_outputs(scan, plan, stream);
    }
    if (plan.shape.lanes == 2) {
        return launch_shape<2, 2, false>(scan, plan, stream);
    }
    return plan.shape.channels == 2 ? launch_shape<4, 2, false>(scan, plan, stream)
                                    : launch_shape<4, 1, false>(scan, plan, stream);
}

} // namespace earshot
