#include "device.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "grid.h"
#include "limits.h"

namespace earshot::emulation {

bool foreign_memory = false;

namespace {

thread_local cudaError_t last_error = cudaSuccess;
thread_local int device_of_thread = 0;

/* The errors after which CUDA's documentation asks for the process to be ended. */
bool breaks_the_context(cudaError_t error) {
    switch (error) {
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case cudaErrorContained:
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorMisalignedAddress:
    case cudaErrorLaunchFailure:
        return true;
    default:
        return false;
    }
}

Picker picker_from_environment() {
    const char *const text = std::getenv("EARSHOT_EMULATION_ORDER");
    const std::string order = text == nullptr ? "forward" : text;
    if (order == "forward") {
        return Picker(Order::FORWARD, 0);
    }
    if (order == "reverse") {
        return Picker(Order::REVERSE, 0);
    }
    const std::string shuffle = "shuffle";
    if (order == shuffle) {
        return Picker(Order::SHUFFLE, 1);
    }
    const std::string digits = order.rfind(shuffle + ":", 0) == 0 ? order.substr(shuffle.size() + 1) : "";
    if (!digits.empty() && digits.size() < 19 && digits.find_first_not_of("0123456789") == std::string::npos) {
        return Picker(Order::SHUFFLE, std::strtoull(digits.c_str(), nullptr, 10));
    }
    throw Fault("EARSHOT_EMULATION_ORDER is '" + order + "', expected forward, reverse, shuffle or shuffle:<seed>");
}

} // namespace

int current_device() {
    return device_of_thread;
}

void set_current_device(int device) {
    device_of_thread = device;
}

Device &Device::get() {
    static Device instance;
    return instance;
}

void Device::note_foreign_memory() {
    foreign_memory = std::any_of(units.begin(), units.end(),
                                 [&](const Unit &each) { return &each != &unit() && each.memory.allocated() > 0; });
}

void require_own_memory(const void *pointer) {
    // The launch that runs holds the lock.
    if (!Device::get().unit().memory.touches(pointer, 1)) {
        fault("memory that is not of device " + std::to_string(current_device()) + " is used on it");
    }
}

void Device::break_down(cudaError_t error, const std::string &fault) {
    if (unit().broken == cudaSuccess) {
        unit().broken = error;
        unit().fault = fault;
    }
}

void Device::reset() {
    executables.clear();
    graphs.clear();
    events.clear();
    streams.clear();
    for (Unit &each : units) {
        each.memory.clear();
        each.shared_limits.clear();
        each.broken = cudaSuccess;
        each.fault.clear();
    }
    memory_bytes = limits::MEMORY;
    pinned.clear();
    failures_.clear();
    picker_.reset();
}

bool Device::contains(const void *pointer, std::size_t bytes) const {
    return std::any_of(units.begin(), units.end(),
                       [&](const Unit &each) { return each.memory.contains(pointer, bytes); });
}

bool Device::touches(const void *pointer, std::size_t bytes) const {
    return std::any_of(units.begin(), units.end(),
                       [&](const Unit &each) { return each.memory.touches(pointer, bytes); });
}

std::size_t Unit::shared_limit(const void *kernel) const {
    const auto found = shared_limits.find(kernel);
    return found == shared_limits.end() ? limits::SHARED : found->second;
}

Picker &Device::picker() {
    if (!picker_) {
        picker_ = picker_from_environment();
    }
    return *picker_;
}

cudaError_t Device::ordered_failure(const std::string &api) {
    const auto found = failures_.find(api);
    if (found == failures_.end() || found->second.after-- > 0) {
        return cudaSuccess;
    }
    const cudaError_t error = found->second.error;
    failures_.erase(found);
    return error;
}

void Device::check_guards() const {
    for (const Unit &each : units) {
        each.memory.check_guards();
    }
    pinned.check_guards();
}

cudaError_t remember(cudaError_t error) {
    if (error != cudaSuccess && error != cudaErrorNotReady) {
        last_error = error;
    }
    return error;
}

cudaError_t call(const char *api, const std::function<cudaError_t(Device &)> &body) {
    Device &device = Device::get();
    const std::lock_guard<std::mutex> lock(device.mutex);
    const cudaError_t failure = device.ordered_failure(api);
    if (breaks_the_context(failure)) {
        device.break_down(failure, std::string(api) + " was told to fail");
    }
    if (device.unit().broken != cudaSuccess) {
        return remember(device.unit().broken);
    }
    if (failure != cudaSuccess) {
        return remember(failure);
    }
    try {
        return remember(body(device));
    } catch (const Fault &fault) {
        device.break_down(cudaErrorIllegalAddress, fault.what());
        return remember(cudaErrorIllegalAddress);
    } catch (const std::bad_alloc &) {
        return remember(cudaErrorMemoryAllocation);
    }
}

void set_order(Order order, std::uint64_t seed) {
    Device &device = Device::get();
    const std::lock_guard<std::mutex> lock(device.mutex);
    device.set_order(order, seed);
}

std::string last_fault() {
    Device &device = Device::get();
    const std::lock_guard<std::mutex> lock(device.mutex);
    for (const Unit &each : device.units) {
        if (!each.fault.empty()) {
            return each.fault;
        }
    }
    return "";
}

void reset_device() {
    Device &device = Device::get();
    const std::lock_guard<std::mutex> lock(device.mutex);
    device.reset();
    device_of_thread = 0;
    last_error = cudaSuccess;
}

void set_memory(std::size_t bytes) {
    Device &device = Device::get();
    const std::lock_guard<std::mutex> lock(device.mutex);
    device.memory_bytes = bytes;
}

void fail_next(const char *api, cudaError_t error, int after) {
    Device &device = Device::get();
    const std::lock_guard<std::mutex> lock(device.mutex);
    device.order_failure(api, error, after);
}

std::size_t allocated_bytes() {
    Device &device = Device::get();
    const std::lock_guard<std::mutex> lock(device.mutex);
    std::size_t sum = 0;
    for (const Unit &each : device.units) {
        sum += each.memory.allocated();
    }
    return sum;
}

std::size_t pinned_bytes() {
    Device &device = Device::get();
    const std::lock_guard<std::mutex> lock(device.mutex);
    return device.pinned.allocated();
}

std::size_t open_handles() {
    Device &device = Device::get();
    const std::lock_guard<std::mutex> lock(device.mutex);
    return device.streams.size() + device.events.size() + device.graphs.size() + device.executables.size();
}

} // namespace earshot::emulation

extern "C" {

cudaError_t cudaPeekAtLastError() {
    using namespace earshot::emulation;
    Device &device = Device::get();
    const std::lock_guard<std::mutex> lock(device.mutex);
    return device.unit().broken != cudaSuccess ? device.unit().broken : last_error;
}

cudaError_t cudaGetLastError() {
    const cudaError_t error = cudaPeekAtLastError();
    earshot::emulation::last_error = cudaSuccess;
    return error;
}

const char *cudaGetErrorName(cudaError_t error) {
    switch (error) {
#define EARSHOT_EMULATION_NAME(name, value, text)                                                                      \
    case name:                                                                                                         \
        return #name;
        EARSHOT_EMULATION_ERRORS(EARSHOT_EMULATION_NAME)
#undef EARSHOT_EMULATION_NAME
    }
    return "unrecognized error code";
}

const char *cudaGetErrorString(cudaError_t error) {
    switch (error) {
#define EARSHOT_EMULATION_TEXT(name, value, text)                                                                      \
    case name:                                                                                                         \
        return text;
        EARSHOT_EMULATION_ERRORS(EARSHOT_EMULATION_TEXT)
#undef EARSHOT_EMULATION_TEXT
    }
    return "unrecognized error code";
}
}
