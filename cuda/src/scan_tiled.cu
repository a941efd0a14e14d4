/* The variants of the tiled scan, and which sizes it takes. */
#include "scan_paired.h"

namespace earshot {
namespace {

struct Variant {
    ScanShape shape;
    cudaError_t (*launch)(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream);
};

template <int LANES, int CHANNELS, int RELIEF, int DEPTH>
constexpr Variant variant() {
    return {{LANES, CHANNELS, RELIEF, DEPTH, false}, launch_tiled<LANES, CHANNELS, RELIEF, DEPTH, false>};
}

template <int LANES, int CHANNELS, int RELIEF>
constexpr Variant paired() {
    return {{LANES, CHANNELS, RELIEF, 2, true}, launch_paired<LANES, CHANNELS, RELIEF, 2>};
}

constexpr Variant kVariants[] = {
    paired<2, 2, 0>(),     paired<2, 2, 1>(),     paired<4, 2, 0>(),     paired<4, 2, 1>(),     paired<4, 4, 0>(),
    variant<1, 2, 0, 2>(), variant<1, 2, 1, 2>(), variant<2, 4, 0, 2>(), variant<2, 4, 1, 2>(), variant<2, 2, 0, 2>(),
    variant<2, 2, 1, 2>(), variant<2, 2, 2, 2>(), variant<2, 2, 3, 2>(), variant<4, 4, 0, 2>(), variant<4, 2, 0, 2>(),
    variant<4, 2, 1, 2>(), variant<4, 2, 2, 2>(), variant<4, 1, 0, 2>(), variant<4, 1, 1, 2>()};

} // namespace

bool scan_is_tiled(const SelectiveScan &scan) {
    return scan.state_width == scan_tiled_details::kStates && scan.dt_width == scan_tiled_details::kRank &&
           scan.inner % 4 == 0;
}

std::vector<ScanShape> tiled_scan_shapes() {
    std::vector<ScanShape> shapes;
    for (const Variant &variant : kVariants) {
        shapes.push_back(variant.shape);
    }
    return shapes;
}

cudaError_t enqueue_tiled_ends(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    return plan.shape.lanes <= 2 ? launch_tiled<2, 2, 0, 2, true>(scan, plan, stream)
                                 : launch_tiled<4, 2, 0, 2, true>(scan, plan, stream);
}

cudaError_t enqueue_tiled_outputs(const SelectiveScan &scan, const ScanPlan &plan, cudaStream_t stream) {
    for (const Variant &variant : kVariants) {
        if (variant.shape == plan.shape) {
            return variant.launch(scan, plan, stream);
        }
    }
    return cudaErrorNotSupported;
}

} // namespace earshot
