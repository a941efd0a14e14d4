/* What tests and kernels may ask of the emulated devices beyond CUDA's interface. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "runtime_api.h"

namespace earshot::emulation {

/* Every byte pair is a NaN of any float type, and a huge integer: what shared memory holds when a block starts, and
   device memory when it is allocated. */
constexpr std::uint32_t POISON = 0x7FFF7FFFU;

// In kernels

/* The block's dynamic shared memory. */
struct SharedBlock {
    unsigned char *data;
    std::size_t bytes;
};
SharedBlock shared();

/* Ends the running launch with an error that names kernel, block and thread. */
[[noreturn]] void fault(const std::string &what);

/* What griddepcontrol.wait does for a thread: before it, a dependent launch may touch no global memory. */
void wait_for_dependencies();
/* Whether the running thread has waited, or has nothing to wait for. */
extern bool dependencies_awaited;
inline void require_dependencies() {
    if (!dependencies_awaited) {
        fault("global memory is used before begin_kernel()");
    }
}

/* Whether any device but the one that runs has memory, and the check that a place is not in it. */
extern bool foreign_memory;
void require_own_memory(const void *pointer);

// In tests

/* How much memory each device has. */
void set_memory(std::size_t bytes);

/* Which of the threads that can run goes first. Under `forward` the lowest warp runs as far as it gets before the next
   one starts, under `reverse` the highest: between them they show most missing barriers. `shuffle` also changes warps
   between barriers. Until the first call, EARSHOT_EMULATION_ORDER decides: forward (the default), reverse, shuffle or
   shuffle:<seed>. */
enum class Order { FORWARD, REVERSE, SHUFFLE };
void set_order(Order order, std::uint64_t seed = 1);

/* The text of the fault that broke a device; empty if all work. */
std::string last_fault();
/* Devices as new, the first being the current one: no memory, no streams, no fault, no order set with set_order, no
   failure waiting. All handles and device pointers become invalid. */
void reset_device();

/* The call of `api` after `after` more of them fails with `error`; "cudaLaunchKernel" stands for launches. Errors that
   break a real context break the emulated device too. */
void fail_next(const char *api, cudaError_t error, int after);

/* Device memory and pinned memory not yet freed. */
std::size_t allocated_bytes();
std::size_t pinned_bytes();
/* Streams, events, graphs and executable graphs not yet destroyed. */
std::size_t open_handles();

} // namespace earshot::emulation
