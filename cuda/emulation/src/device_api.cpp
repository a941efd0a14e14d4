/* Questions about the device and about kernels. */
#include <algorithm>
#include <cstring>

#include "device.h"
#include "limits.h"

using earshot::emulation::call;
using earshot::emulation::Device;
namespace limits = earshot::emulation::limits;

namespace {

cudaError_t answer(const char *api, int *place, int value) {
    return call(api, [&](Device &) {
        if (place == nullptr) {
            return cudaErrorInvalidValue;
        }
        *place = value;
        return cudaSuccess;
    });
}

bool is_device(int device) {
    return device >= 0 && device < limits::DEVICES;
}

} // namespace

extern "C" {

cudaError_t cudaDriverGetVersion(int *version) {
    return answer("cudaDriverGetVersion", version, CUDART_VERSION);
}
cudaError_t cudaRuntimeGetVersion(int *version) {
    return answer("cudaRuntimeGetVersion", version, CUDART_VERSION);
}
cudaError_t cudaGetDeviceCount(int *count) {
    return answer("cudaGetDeviceCount", count, limits::DEVICES);
}
cudaError_t cudaGetDevice(int *device) {
    // Not by call(), as cudaSetDevice below.
    if (device == nullptr) {
        return earshot::emulation::remember(cudaErrorInvalidValue);
    }
    *device = earshot::emulation::current_device();
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
    // Not by call(): a thread may turn away from a broken device.
    if (!is_device(device)) {
        return earshot::emulation::remember(cudaErrorInvalidDevice);
    }
    earshot::emulation::set_current_device(device);
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp *properties, int device) {
    return call("cudaGetDeviceProperties", [&](Device &all) {
        if (properties == nullptr) {
            return cudaErrorInvalidValue;
        }
        if (!is_device(device)) {
            return cudaErrorInvalidDevice;
        }
        cudaDeviceProp p{};
        std::strcpy(p.name, "CPU execution of the CUDA kernels");
        p.totalGlobalMem = all.memory_bytes;
        p.sharedMemPerBlock = limits::SHARED;
        p.regsPerBlock = limits::REGISTERS;
        p.warpSize = 32;
        p.maxThreadsPerBlock = limits::THREADS_PER_BLOCK;
        p.maxThreadsDim[0] = p.maxThreadsDim[1] = limits::THREADS_PER_BLOCK;
        p.maxThreadsDim[2] = limits::BLOCK_DEPTH;
        p.maxGridSize[0] = limits::GRID_WIDTH;
        p.maxGridSize[1] = p.maxGridSize[2] = limits::GRID_HEIGHT;
        p.major = 9;
        p.minor = 0;
        p.multiProcessorCount = limits::PROCESSORS;
        p.integrated = 1;
        p.concurrentKernels = 1;
        p.asyncEngineCount = 1;
        p.unifiedAddressing = 1;
        p.memoryBusWidth = 64;
        p.l2CacheSize = limits::L2_CACHE;
        p.maxThreadsPerMultiProcessor = limits::THREADS_PER_PROCESSOR;
        p.sharedMemPerMultiprocessor = limits::SHARED_PER_PROCESSOR;
        p.sharedMemPerBlockOptin = limits::SHARED_AT_REQUEST;
        p.maxBlocksPerMultiProcessor = limits::BLOCKS_PER_PROCESSOR;
        p.reservedSharedMemPerBlock = limits::SHARED_RESERVED;
        *properties = p;
        return cudaSuccess;
    });
}

cudaError_t cudaDeviceGetAttribute(int *value, cudaDeviceAttr attribute, int device) {
    return call("cudaDeviceGetAttribute", [&](Device &) {
        if (!is_device(device)) {
            return cudaErrorInvalidDevice;
        }
        if (value == nullptr) {
            return cudaErrorInvalidValue;
        }
        switch (attribute) {
        case cudaDevAttrMaxThreadsPerBlock:
            *value = limits::THREADS_PER_BLOCK;
            return cudaSuccess;
        case cudaDevAttrMaxSharedMemoryPerBlock:
            *value = limits::SHARED;
            return cudaSuccess;
        case cudaDevAttrWarpSize:
            *value = 32;
            return cudaSuccess;
        case cudaDevAttrMaxRegistersPerBlock:
            *value = limits::REGISTERS;
            return cudaSuccess;
        case cudaDevAttrMultiProcessorCount:
            *value = limits::PROCESSORS;
            return cudaSuccess;
        case cudaDevAttrL2CacheSize:
            *value = limits::L2_CACHE;
            return cudaSuccess;
        case cudaDevAttrMaxThreadsPerMultiProcessor:
            *value = limits::THREADS_PER_PROCESSOR;
            return cudaSuccess;
        case cudaDevAttrComputeCapabilityMajor:
            *value = 9;
            return cudaSuccess;
        case cudaDevAttrComputeCapabilityMinor:
            *value = 0;
            return cudaSuccess;
        case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
            *value = limits::SHARED_PER_PROCESSOR;
            return cudaSuccess;
        case cudaDevAttrMaxSharedMemoryPerBlockOptin:
            *value = limits::SHARED_AT_REQUEST;
            return cudaSuccess;
        case cudaDevAttrMaxBlocksPerMultiprocessor:
            *value = limits::BLOCKS_PER_PROCESSOR;
            return cudaSuccess;
        }
        return cudaErrorInvalidValue;
    });
}

cudaError_t cudaFuncSetAttribute(const void *kernel, cudaFuncAttribute attribute, int value) {
    return call("cudaFuncSetAttribute", [&](Device &device) {
        switch (attribute) {
        case cudaFuncAttributeMaxDynamicSharedMemorySize:
            if (kernel == nullptr || value < 0 || static_cast<std::size_t>(value) > limits::SHARED_AT_REQUEST) {
                return cudaErrorInvalidValue;
            }
            device.unit().shared_limits[kernel] = static_cast<std::size_t>(value);
            return cudaSuccess;
        case cudaFuncAttributePreferredSharedMemoryCarveout:
            return value >= -1 && value <= 100 ? cudaSuccess : cudaErrorInvalidValue;
        }
        return cudaErrorInvalidValue;
    });
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes *attributes, const void *kernel) {
    return call("cudaFuncGetAttributes", [&](Device &device) {
        if (attributes == nullptr || kernel == nullptr) {
            return cudaErrorInvalidValue;
        }
        *attributes = cudaFuncAttributes{};
        attributes->maxThreadsPerBlock = limits::THREADS_PER_BLOCK;
        attributes->maxDynamicSharedSizeBytes = static_cast<int>(device.unit().shared_limit(kernel));
        attributes->ptxVersion = attributes->binaryVersion = 90;
        attributes->preferredShmemCarveout = -1;
        return cudaSuccess;
    });
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, const void *kernel, int threads,
                                                          std::size_t shared_bytes) {
    return call("cudaOccupancyMaxActiveBlocksPerMultiprocessor", [&](Device &device) {
        if (blocks == nullptr || kernel == nullptr || threads < 1) {
            return cudaErrorInvalidValue;
        }
        const bool fits = threads <= static_cast<int>(limits::THREADS_PER_BLOCK) &&
                          shared_bytes <= device.unit().shared_limit(kernel);
        const std::size_t by_shared = limits::SHARED_PER_PROCESSOR / (shared_bytes + limits::SHARED_RESERVED);
        *blocks = !fits ? 0
                        : std::min({limits::BLOCKS_PER_PROCESSOR, limits::THREADS_PER_PROCESSOR / threads,
                                    static_cast<int>(by_shared)});
        return cudaSuccess;
    });
}
}
