/* The emulated devices: what all functions of the runtime share. */
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "emulation/control.h"
#include "handles.h"
#include "limits.h"
#include "memory.h"
#include "picker.h"
#include "stream.h"

namespace earshot::emulation {

/* What a device has of its own. */
struct Unit {
    Heap memory{"device memory"};
    std::map<const void *, std::size_t> shared_limits; // set by cudaFuncSetAttribute
    /* What broke it: no call for it succeeds until reset(), as in a process that has lost its context. */
    cudaError_t broken = cudaSuccess;
    std::string fault;

    /* The shared memory that a block of a kernel may have. */
    std::size_t shared_limit(const void *kernel) const;
};

/* The device that this thread's calls are for. */
int current_device();
void set_current_device(int device);

class Device {
  public:
    /* The only one: all devices of the process, and what they share. */
    static Device &get();

    std::mutex mutex;
    std::array<Unit, limits::DEVICES> units;
    std::size_t memory_bytes = limits::MEMORY; // of each
    Heap pinned{"pinned memory"};
    Handles<CUstream_st> streams;
    Handles<CUevent_st> events;
    Handles<CUgraph_st> graphs;
    Handles<CUgraphExec_st> executables;

    /* The one that this thread's calls are for. */
    Unit &unit() { return units[static_cast<std::size_t>(current_device())]; }
    /* Whether the bytes are all within one allocation of a device's memory, and whether any of them is within one. */
    bool contains(const void *pointer, std::size_t bytes) const;
    bool touches(const void *pointer, std::size_t bytes) const;

    /* Before a launch: whether a kernel could be handed memory of another device than its own. */
    void note_foreign_memory();

    /* Breaks the current device, if nothing has yet. */
    void break_down(cudaError_t error, const std::string &fault);
    void reset();

    Picker &picker();
    void set_order(Order order, std::uint64_t seed) { picker_ = Picker(order, seed); }

    /* The error that fail_next ordered for this call of `api`. */
    cudaError_t ordered_failure(const std::string &api);
    void order_failure(const std::string &api, cudaError_t error, int after) { failures_[api] = {error, after}; }

    /* Throws a Fault if a guard zone around an allocation was written to. */
    void check_guards() const;

  private:
    struct Failure {
        cudaError_t error;
        int after;
    };

    std::map<std::string, Failure> failures_;
    std::optional<Picker> picker_;
};

/* Makes `error` what cudaGetLastError of this thread returns. */
cudaError_t remember(cudaError_t error);

/* The frame of every function of the runtime: one at a time, failures that a test ordered, a broken device, and faults
   found on the way. */
cudaError_t call(const char *api, const std::function<cudaError_t(Device &)> &body);

} // namespace earshot::emulation
