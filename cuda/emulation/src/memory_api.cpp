/* Memory and copies. */
#include <algorithm>
#include <cstring>
#include <string>

#include "device.h"
#include "grid.h"

using earshot::emulation::call;
using earshot::emulation::Device;
using earshot::emulation::Fault;
using earshot::emulation::Unit;

namespace {

/* Copies may touch device memory only where it is allocated, and host memory only where the device's is not. */
void check_side(const Device &device, const char *api, const char *side, bool on_device, const void *pointer,
                std::size_t bytes) {
    const auto complain = [&](const char *what) {
        throw Fault(std::string(api) + ": " + side + ", " + std::to_string(bytes) + " bytes, " + what);
    };
    if (on_device && !device.contains(pointer, bytes)) {
        complain("is not within an allocation of device memory");
    }
    if (!on_device && device.touches(pointer, bytes)) {
        complain("is device memory, but was said to be the host's");
    }
}

cudaError_t copy(const Device &device, const char *api, void *to, const void *from, std::size_t bytes,
                 cudaMemcpyKind kind) {
    const bool guess = kind == cudaMemcpyDefault;
    const bool to_device =
        guess ? device.touches(to, bytes) : kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    const bool from_device =
        guess ? device.touches(from, bytes) : kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    check_side(device, api, "the destination", to_device, to, bytes);
    check_side(device, api, "the source", from_device, from, bytes);
    std::memmove(to, from, bytes);
    return cudaSuccess;
}

bool is_kind(cudaMemcpyKind kind) {
    return kind >= cudaMemcpyHostToHost && kind <= cudaMemcpyDefault;
}

cudaError_t set(const Device &device, const char *api, void *to, int value, std::size_t bytes) {
    check_side(device, api, "the destination", true, to, bytes);
    std::memset(to, value, bytes);
    return cudaSuccess;
}

} // namespace

extern "C" {

cudaError_t cudaMemGetInfo(std::size_t *free_bytes, std::size_t *total_bytes) {
    return call("cudaMemGetInfo", [&](Device &device) {
        if (free_bytes == nullptr || total_bytes == nullptr) {
            return cudaErrorInvalidValue;
        }
        *free_bytes = device.memory_bytes - std::min(device.memory_bytes, device.unit().memory.allocated());
        *total_bytes = device.memory_bytes;
        return cudaSuccess;
    });
}

cudaError_t cudaMalloc(void **pointer, std::size_t bytes) {
    return call("cudaMalloc", [&](Device &device) {
        if (pointer == nullptr) {
            return cudaErrorInvalidValue;
        }
        if (const cudaError_t refused = refused_while_capturing(device); refused != cudaSuccess) {
            return refused;
        }
        *pointer = nullptr;
        if (bytes == 0) {
            return cudaSuccess;
        }
        Unit &unit = device.unit();
        if (bytes > device.memory_bytes || unit.memory.allocated() > device.memory_bytes - bytes) {
            return cudaErrorMemoryAllocation;
        }
        *pointer = unit.memory.allocate(bytes);
        return *pointer == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
    });
}

cudaError_t cudaFree(void *pointer) {
    return call("cudaFree", [&](Device &device) {
        if (pointer == nullptr) {
            return cudaSuccess;
        }
        if (const cudaError_t refused = refused_while_capturing(device); refused != cudaSuccess) {
            return refused;
        }
        for (Unit &unit : device.units) {
            if (unit.memory.release(pointer)) {
                return cudaSuccess;
            }
        }
        return cudaErrorInvalidValue;
    });
}

cudaError_t cudaHostAlloc(void **pointer, std::size_t bytes, unsigned flags) {
    return call("cudaHostAlloc", [&](Device &device) {
        constexpr unsigned KNOWN = cudaHostAllocPortable | cudaHostAllocMapped | cudaHostAllocWriteCombined;
        if (pointer == nullptr || (flags & ~KNOWN) != 0) {
            return cudaErrorInvalidValue;
        }
        if (const cudaError_t refused = refused_while_capturing(device); refused != cudaSuccess) {
            return refused;
        }
        *pointer = bytes == 0 ? nullptr : device.pinned.allocate(bytes);
        return bytes != 0 && *pointer == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
    });
}

cudaError_t cudaFreeHost(void *pointer) {
    return call("cudaFreeHost", [&](Device &device) {
        if (pointer == nullptr) {
            return cudaSuccess;
        }
        if (const cudaError_t refused = refused_while_capturing(device); refused != cudaSuccess) {
            return refused;
        }
        return device.pinned.release(pointer) ? cudaSuccess : cudaErrorInvalidValue;
    });
}

cudaError_t cudaMemcpy(void *to, const void *from, std::size_t bytes, cudaMemcpyKind kind) {
    return call("cudaMemcpy", [&](Device &device) {
        if (!is_kind(kind)) {
            return cudaErrorInvalidMemcpyDirection;
        }
        if (const cudaError_t refused = refused_while_capturing(device); refused != cudaSuccess) {
            return refused;
        }
        return copy(device, "cudaMemcpy", to, from, bytes, kind);
    });
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
    return call("cudaMemcpyAsync", [&](Device &device) {
        if (!is_kind(kind)) {
            return cudaErrorInvalidMemcpyDirection;
        }
        return enqueue(device, stream, {cudaGraphNodeTypeMemcpy, [&device, to, from, bytes, kind] {
                                            return copy(device, "cudaMemcpyAsync", to, from, bytes, kind);
                                        }});
    });
}

cudaError_t cudaMemset(void *to, int value, std::size_t bytes) {
    return call("cudaMemset", [&](Device &device) {
        if (const cudaError_t refused = refused_while_capturing(device); refused != cudaSuccess) {
            return refused;
        }
        return set(device, "cudaMemset", to, value, bytes);
    });
}

cudaError_t cudaMemsetAsync(void *to, int value, std::size_t bytes, cudaStream_t stream) {
    return call("cudaMemsetAsync", [&](Device &device) {
        return enqueue(device, stream, {cudaGraphNodeTypeMemset, [&device, to, value, bytes] {
                                            return set(device, "cudaMemsetAsync", to, value, bytes);
                                        }});
    });
}
}
