#include "emulation/launch.h"

#include "device.h"
#include "grid.h"
#include "limits.h"

namespace earshot::emulation {

namespace {

bool within_limits(Device &device, const KernelLaunch &launch) {
    const dim3 &block = launch.block, &grid = launch.grid;
    const auto within = [](unsigned value, unsigned limit) { return value >= 1 && value <= limit; };
    return within(block.x, limits::THREADS_PER_BLOCK) && within(block.y, limits::THREADS_PER_BLOCK) &&
           within(block.z, limits::BLOCK_DEPTH) && block.x * block.y * block.z <= limits::THREADS_PER_BLOCK &&
           within(grid.x, limits::GRID_WIDTH) && within(grid.y, limits::GRID_HEIGHT) &&
           within(grid.z, limits::GRID_HEIGHT) && launch.shared_bytes <= device.unit().shared_limit(launch.kernel);
}

cudaError_t run(Device &device, const KernelLaunch &launch) {
    device.note_foreign_memory();
    const std::string fault = grid().run(launch, device.picker());
    if (!fault.empty()) {
        throw Fault(fault);
    }
    try {
        device.check_guards();
    } catch (const Fault &written) {
        throw Fault(std::string("kernel ") + launch.name + ": " + written.what());
    }
    return cudaSuccess;
}

} // namespace

cudaError_t launch_kernel(KernelLaunch launch, cudaStream_t stream) {
    return call("cudaLaunchKernel", [&](Device &device) {
        if (!within_limits(device, launch)) {
            return cudaErrorInvalidValue;
        }
        const CUstream_st *const found = device.streams.find(stream);
        if (found != nullptr && found->device != current_device()) {
            return cudaErrorInvalidResourceHandle;
        }
        return enqueue(device, stream, {cudaGraphNodeTypeKernel, [&device, launch = std::move(launch)] {
                                            return run(device, launch);
                                        }});
    });
}

} // namespace earshot::emulation
