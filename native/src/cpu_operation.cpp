#include "cpu_operation.h"

#include "instruction_sets.h"

namespace earshot {

const Kernels &CpuPacking::kernels() const {
    return kernels_for(isa, precision);
}

const Kernels &CpuPacking::float32_kernels() const {
    require_precision(precision);
    return kernels_for(isa, EARSHOT_PRECISION_FLOAT32);
}

} // namespace earshot

earshot::Index earshot_cpu_op::input1_floats(const earshot::Extents &) const {
    return 0;
}

earshot::Index earshot_cpu_op::scratch_floats(const earshot::Extents &, int) const {
    return 0;
}
