#include "runtime.h"

#include <atomic>
#include <cstdio>

namespace earshot {

namespace {

/* Kernels are compiled for compute capability 7.5 and later. */
constexpr int LEAST_MAJOR = 7;
constexpr int LEAST_MINOR = 5;
/* Code for this compute capability and later waits for the kernels in front of it by itself. */
constexpr int LEAST_OVERLAPPING = 90;

std::atomic<bool> overlap_allowed{true};

/* Its attributes are those of all kernels: they are compiled together. */
__global__ void sample_kernel() { begin_kernel(); }

std::string version_text(int version) { return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10); }

[[noreturn]] void unavailable(const std::string &text) { throw Failure{STATUS_UNAVAILABLE, text}; }

/* The driver's version, 0 where there is none. */
int driver_version() {
    int version = 0;
    return cudaDriverGetVersion(&version) == cudaSuccess ? version : 0;
}

Device find_device() {
    int count = 0;
    const cudaError_t error = cudaGetDeviceCount(&count);
    if (error == cudaErrorInsufficientDriver) {
        const int driver = driver_version();
        int runtime = 0;
        static_cast<void>(cudaRuntimeGetVersion(&runtime));
        static_cast<void>(cudaGetLastError());
        if (driver == 0) {
            throw Failure{STATUS_ABSENT, "no NVIDIA driver on this machine (libcuda.so.1 is missing)"};
        }
        unavailable("an NVIDIA driver for CUDA " + version_text(driver) + "; expected one for CUDA " +
                    version_text(runtime) + " or later");
    }
    if (error == cudaErrorNoDevice || (error == cudaSuccess && count == 0)) {
        static_cast<void>(cudaGetLastError());
        throw Failure{STATUS_ABSENT, "an NVIDIA driver, but no device that this process may use"};
    }
    if (error != cudaSuccess) {
        static_cast<void>(cudaGetLastError());
        unavailable(std::string("the NVIDIA driver does not start: ") + cudaGetErrorString(error));
    }
    Device found = {};
    cudaDeviceProp properties = {};
    check(cudaGetDeviceProperties(&properties, 0), "asking for the device's properties");
    found.major = properties.major;
    found.minor = properties.minor;
    found.multiprocessors = properties.multiProcessorCount;
    found.shared_bytes = properties.sharedMemPerBlockOptin;
    if (found.major < LEAST_MAJOR || (found.major == LEAST_MAJOR && found.minor < LEAST_MINOR)) {
        unavailable(std::string(properties.name) + ", of compute capability " + std::to_string(found.major) + "." +
                    std::to_string(found.minor) + "; expected " + std::to_string(LEAST_MAJOR) + "." +
                    std::to_string(LEAST_MINOR) + " or later");
    }
    cudaFuncAttributes compiled = {};
    const cudaError_t loaded = cudaFuncGetAttributes(&compiled, sample_kernel);
    if (loaded == cudaErrorNoKernelImageForDevice || loaded == cudaErrorInvalidDeviceFunction) {
        static_cast<void>(cudaGetLastError());
        unavailable(std::string(properties.name) + ", of compute capability " + std::to_string(found.major) + "." +
                    std::to_string(found.minor) + ", for which this library was not compiled");
    }
    check(loaded, "looking for the kernels");
    found.overlaps_launches = found.major * 10 >= LEAST_OVERLAPPING && compiled.ptxVersion >= LEAST_OVERLAPPING;
    return found;
}

/* Errors after which a device does nothing more for this process: from 714 (hardware stack) to 719 they are all such. */
bool is_fatal(cudaError_t error) {
    constexpr int FIRST = 714;
    return error == cudaErrorIllegalAddress || error == cudaErrorLaunchTimeout || error == cudaErrorAssert ||
           error == cudaErrorECCUncorrectable || (error >= FIRST && error <= cudaErrorLaunchFailure);
}

} // namespace

void check(cudaError_t error, const char *what) {
    if (error == cudaSuccess) {
        return;
    }
    const std::string text = std::string(what) + ": " + cudaGetErrorString(error) + " (" + cudaGetErrorName(error) + ")";
    /* Errors that are not of the device itself are forgotten here; the others come again with every call. */
    static_cast<void>(cudaGetLastError());
    if (error == cudaErrorMemoryAllocation) {
        throw Failure{STATUS_OUT_OF_MEMORY, text};
    }
    if (error == cudaErrorInsufficientDriver || error == cudaErrorNoDevice) {
        throw Failure{STATUS_UNAVAILABLE, text};
    }
    const std::int32_t lost = STATUS_DEVICE_LOST;
    const std::int32_t internal = STATUS_INTERNAL;
    throw Failure{is_fatal(error) ? lost : internal, text};
}

const Device &device() {
    static const Device found = find_device();
    return found;
}

bool overlaps_launches() { return overlap_allowed && device().overlaps_launches; }

void allow_overlapping_launches(bool allowed) { overlap_allowed = allowed; }

std::string describe_device() {
    device();
    cudaDeviceProp properties = {};
    check(cudaGetDeviceProperties(&properties, 0), "asking for the device's properties");
    char text[512];
    std::snprintf(text, sizeof text, "%s, compute capability %d.%d, %.0f GiB, driver for CUDA %s", properties.name,
                  properties.major, properties.minor, static_cast<double>(properties.totalGlobalMem) / (1 << 30),
                  version_text(driver_version()).c_str());
    return text;
}

} // namespace earshot
