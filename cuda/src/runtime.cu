#include "runtime.h"

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "warpgroup.h"

namespace earshot {

namespace {

/* Kernels are compiled for compute capability 7.5 and later. */
constexpr int LEAST_MAJOR = 7;
constexpr int LEAST_MINOR = 5;
/* Code for this compute capability and later waits for the kernels in front of it by itself. */
constexpr int LEAST_OVERLAPPING = 90;

std::atomic<bool> overlap_allowed{true};
std::atomic<bool> warpgroups_allowed{true};

/* Its attributes are those of all kernels: they are compiled together. */
__global__ void sample_kernel() {
    begin_kernel();
}

/* Says by the threads that it takes whether the code which the driver chose was compiled for warpgroups. */
constexpr int WITHOUT_WARPGROUPS = 32;
__global__ void __launch_bounds__(WARPGROUPS_COMPILED ? WARPGROUP_THREADS : WITHOUT_WARPGROUPS)
    warpgroup_sample_kernel() {
    begin_kernel();
}

std::string version_text(int version) {
    return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

[[noreturn]] void unavailable(const std::string &text) {
    throw Failure{STATUS_UNAVAILABLE, text};
}

/* The driver's version, 0 where there is none. */
int driver_version() {
    int version = 0;
    return cudaDriverGetVersion(&version) == cudaSuccess ? version : 0;
}

/* Devices of one machine; no driver knows more. */
constexpr int MOST_DEVICES = 64;

/* Found once each, and never changed after that. */
struct Found {
    std::mutex mutex;
    std::array<std::unique_ptr<const Device>, MOST_DEVICES> owned;
    std::array<std::atomic<const Device *>, MOST_DEVICES> known = {};
};

Found &found_devices() {
    static Found found;
    return found;
}

std::string with_capability(const char *name, int major, int minor) {
    return std::string(name) + ", of compute capability " + std::to_string(major) + "." + std::to_string(minor);
}

Device find_device(int index) {
    const int count = device_count();
    if (index < 0 || index >= count) {
        fail("device: " + std::to_string(index) + "; expected 0 to " + std::to_string(count - 1));
    }
    const OnDevice on(index);
    Device found = {};
    cudaDeviceProp properties = {};
    check(cudaGetDeviceProperties(&properties, index), "asking for the device's properties");
    found.name = properties.name;
    found.major = properties.major;
    found.minor = properties.minor;
    found.multiprocessors = properties.multiProcessorCount;
    found.shared_bytes = properties.sharedMemPerBlockOptin;
    found.memory_bytes = properties.totalGlobalMem;
    if (found.major < LEAST_MAJOR || (found.major == LEAST_MAJOR && found.minor < LEAST_MINOR)) {
        unavailable(with_capability(properties.name, found.major, found.minor) + "; expected " +
                    std::to_string(LEAST_MAJOR) + "." + std::to_string(LEAST_MINOR) + " or later");
    }
    cudaFuncAttributes compiled = {};
    const cudaError_t loaded = cudaFuncGetAttributes(&compiled, sample_kernel);
    if (loaded == cudaErrorNoKernelImageForDevice || loaded == cudaErrorInvalidDeviceFunction) {
        static_cast<void>(cudaGetLastError());
        unavailable(with_capability(properties.name, found.major, found.minor) +
                    ", for which this library was not compiled");
    }
    check(loaded, "looking for the kernels");
    found.overlaps_launches = found.major * 10 >= LEAST_OVERLAPPING && compiled.ptxVersion >= LEAST_OVERLAPPING;
    cudaFuncAttributes warpgroup = {};
    check(cudaFuncGetAttributes(&warpgroup, warpgroup_sample_kernel), "looking for the kernels of warpgroups");
    found.has_warpgroups = found.major == 9 && found.minor == 0 && warpgroup.maxThreadsPerBlock > WITHOUT_WARPGROUPS;
    return found;
}

std::string gibibytes(std::size_t bytes) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f GiB", static_cast<double>(bytes) / (1 << 30));
    return text;
}

/* Errors after which a device does nothing more for this process: from 714 (hardware stack) to 719
 * they are all such. */
bool is_fatal(cudaError_t error) {
    constexpr int FIRST = 714;
    return error == cudaErrorIllegalAddress || error == cudaErrorLaunchTimeout || error == cudaErrorAssert ||
           error == cudaErrorECCUncorrectable || error == cudaErrorNvlinkUncorrectable || error == cudaErrorContained ||
           (error >= FIRST && error <= cudaErrorLaunchFailure);
}

} // namespace

void check(cudaError_t error, const char *what) {
    if (error == cudaSuccess) {
        return;
    }
    const std::string text =
        std::string(what) + ": " + cudaGetErrorString(error) + " (" + cudaGetErrorName(error) + ")";
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

int device_count() {
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
        const char *visible = std::getenv("CUDA_VISIBLE_DEVICES");
        throw Failure{STATUS_ABSENT,
                      std::string("an NVIDIA driver, but no device that this process may use") +
                          (visible == nullptr ? std::string()
                                              : ": CUDA_VISIBLE_DEVICES is '" + std::string(visible) +
                                                    "', which leaves those that it names, by number or UUID, up to the "
                                                    "first that does not exist")};
    }
    if (error != cudaSuccess) {
        static_cast<void>(cudaGetLastError());
        unavailable(std::string("the NVIDIA driver does not start: ") + cudaGetErrorString(error));
    }
    return count < MOST_DEVICES ? count : MOST_DEVICES;
}

const Device &device(int index) {
    Found &all = found_devices();
    if (index >= 0 && index < MOST_DEVICES) {
        const auto place = static_cast<std::size_t>(index);
        if (const Device *known = all.known[place].load(std::memory_order_acquire); known != nullptr) {
            return *known;
        }
        const std::lock_guard<std::mutex> lock(all.mutex);
        if (all.owned[place] == nullptr) {
            all.owned[place] = std::make_unique<const Device>(find_device(index));
            all.known[place].store(all.owned[place].get(), std::memory_order_release);
        }
        return *all.owned[place];
    }
    find_device(index); /* fails, and says how many there are */
    fail("device: " + std::to_string(index));
}

const Device &device() {
    int current = 0;
    check(cudaGetDevice(&current), "asking for the current device");
    return device(current);
}

OnDevice::OnDevice(int index) {
    check(cudaGetDevice(&before_), "asking for the current device");
    if (before_ != index) {
        check(cudaSetDevice(index), "changing to the device");
        changed_ = true;
    }
}

OnDevice::~OnDevice() {
    if (changed_) {
        static_cast<void>(cudaSetDevice(before_));
    }
}

void *reserve(std::size_t bytes, const char *what) {
    void *data = nullptr;
    const cudaError_t error = cudaMalloc(&data, bytes);
    if (error == cudaErrorMemoryAllocation) {
        static_cast<void>(cudaGetLastError());
        std::size_t free_bytes = 0;
        std::size_t total = 0;
        const bool known = cudaMemGetInfo(&free_bytes, &total) == cudaSuccess;
        throw Failure{STATUS_OUT_OF_MEMORY,
                      gibibytes(bytes) + " needed for " + what +
                          (known ? ", " + gibibytes(free_bytes) + " free of the device's " + gibibytes(total)
                                 : std::string(" that the device does not have"))};
    }
    check(error, (std::string("reserving memory for ") + what).c_str());
    return data;
}

bool overlaps_launches() {
    return overlap_allowed && device().overlaps_launches;
}

void allow_overlapping_launches(bool allowed) {
    overlap_allowed = allowed;
}

bool uses_warpgroups() {
    return warpgroups_allowed && device().has_warpgroups;
}

void allow_warpgroups(bool allowed) {
    warpgroups_allowed = allowed;
}

std::string describe_device(int index) {
    const Device &described = device(index);
    char text[512];
    std::snprintf(text, sizeof text, "%s, compute capability %d.%d, %.0f GiB, driver for CUDA %s",
                  described.name.c_str(), described.major, described.minor,
                  static_cast<double>(described.memory_bytes) / (1 << 30), version_text(driver_version()).c_str());
    return text;
}

} // namespace earshot
