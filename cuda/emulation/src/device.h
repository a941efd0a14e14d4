/* The emulated device: what all functions of the runtime share. */
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "emulation/control.h"
#include "handles.h"
#include "memory.h"
#include "picker.h"
#include "stream.h"

namespace earshot::emulation {

class Device {
  public:
    /* The only one. */
    static Device &get();

    std::mutex mutex;
    Heap memory{"device memory"}, pinned{"pinned memory"};
    Handles<CUstream_st> streams;
    Handles<CUevent_st> events;
    Handles<CUgraph_st> graphs;
    Handles<CUgraphExec_st> executables;
    std::map<const void *, std::size_t> shared_limits; // set by cudaFuncSetAttribute

    /* The shared memory that a block of a kernel may have. */
    std::size_t shared_limit(const void *kernel) const;

    /* What broke the device: no call succeeds until reset(), as in a process that has lost its context. */
    cudaError_t broken() const { return broken_; }
    const std::string &fault() const { return fault_; }
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

    cudaError_t broken_ = cudaSuccess;
    std::string fault_;
    std::map<std::string, Failure> failures_;
    std::optional<Picker> picker_;
};

/* Makes `error` what cudaGetLastError of this thread returns. */
cudaError_t remember(cudaError_t error);

/* The frame of every function of the runtime: one at a time, failures that a test ordered, a broken device, and faults
   found on the way. */
cudaError_t call(const char *api, const std::function<cudaError_t(Device &)> &body);

} // namespace earshot::emulation
