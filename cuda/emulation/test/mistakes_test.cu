/* Mistakes in kernels: that the emulated device finds them, and tells which. */
#include <cuda_runtime.h>

#include <vector>

#include "device.h"
#include "emulated_device.h"

using namespace earshot::emulation;
using namespace earshot::emulation::testing;

namespace {

__global__ void some_return_before_the_barrier() {
    if (threadIdx.x >= 40) {
        return;
    }
    __syncthreads();
}

__global__ void some_skip_the_barrier(int *flag) {
    if (threadIdx.x < 10) {
        __syncthreads();
    }
    if (__shfl_sync(FULL, *flag, 0) != 0) {
        *flag = 2;
    }
}

__global__ void barrier_in_both_branches() {
    if (threadIdx.x < 7) {
        __syncthreads();
    } else {
        __syncthreads();
    }
}

__global__ void two_kinds_of_barrier() {
    if (threadIdx.x < 7) {
        __syncthreads();
    } else {
        __syncthreads_or(1);
    }
}

__global__ void some_skip_their_part_barrier() {
    if (threadIdx.x != 33) {
        part_barrier(1 + static_cast<int>(threadIdx.x) / 32, 32);
    }
}

__global__ void part_barrier_of_two_counts() {
    part_barrier(3, threadIdx.x < 48 ? 64 : 32);
}

__global__ void part_barrier_of_half_a_warp() {
    part_barrier(1, 16);
}

__global__ void part_barrier_of_the_whole_block() {
    part_barrier(0, 64);
}

__global__ void lane_is_missing(int *out) {
    if (threadIdx.x != 5) {
        out[threadIdx.x] = __shfl_xor_sync(FULL, 1, 1);
    } else {
        __syncthreads();
    }
}

__global__ void lane_has_returned(int *out) {
    if (threadIdx.x == 0) {
        return;
    }
    __syncwarp(0xFFFFFFFEU);
    out[threadIdx.x] = __any_sync(FULL, 1);
}

__global__ void lane_does_not_name_itself() {
    __syncwarp(threadIdx.x == 3 ? 1U : FULL);
}

__global__ void different_masks() {
    __ballot_sync(threadIdx.x == 9 ? FULL : 0x0000FFFFU, 1);
}

__global__ void different_operations() {
    if (threadIdx.x < 16) {
        __any_sync(FULL, 1);
    } else {
        __all_sync(FULL, 1);
    }
}

__global__ void different_types(double *out) {
    out[threadIdx.x] = threadIdx.x == 0 ? __shfl_sync(FULL, 1.0, 0) : static_cast<double>(__shfl_sync(FULL, 1.0F, 0));
}

__global__ void reads_outside_the_mask(int *out) {
    if (threadIdx.x < 16) {
        out[threadIdx.x] = __shfl_sync(0xFFFFU, 1, 20);
    }
}

__global__ void butterfly_of_partial_warp(int *out) {
    out[threadIdx.x] = __shfl_xor_sync(FULL, 1, 16);
}

__global__ void width_of_twelve(int *out) {
    out[threadIdx.x] = __shfl_sync(FULL, 1, 0, 12);
}

__global__ void faults_itself(int count) {
    const std::vector<int> owned(1000, 1); // freed although the threads are cut off, or the leak is reported
    __syncthreads();
    if (threadIdx.x == 4 && blockIdx.x == 1) {
        fault("element 12 of " + std::to_string(count));
    }
    __syncthreads();
}

} // namespace

TEST(emulation_finds_divergent_barriers) {
    for (const NamedOrder &o : ORDERS) {
        const auto run = [&](auto kernel, auto... arguments) {
            reset_device();
            set_order(o.order, o.seed);
            return launch("k", kernel, 2, 64, 0, nullptr, arguments...);
        };
        expect_fault(run(some_return_before_the_barrier),
                     {"kernel k, block (", "40 of 64 wait at __syncthreads (mistakes_test.cu:", "24 have returned"});
        reset_device();
        int *const flag = device_array<int>(1);
        cudaMemset(flag, 0, sizeof(int));
        set_order(o.order, o.seed);
        expect_fault(launch("k", some_skip_the_barrier, 1, 64, 0, nullptr, flag),
                     {"no thread can go on", "10 of 64 wait at __syncthreads (",
                      "22 of 64 wait at __shfl_sync (mistakes_test.cu:", "32 have returned"});
        expect_fault(run(barrier_in_both_branches), {"while other threads stand at __syncthreads (mistakes_test.cu:"});
        expect_fault(run(two_kinds_of_barrier), {"__syncthreads (", "__syncthreads_or ("});
        expect_fault(run(some_skip_their_part_barrier), {"no thread can go on", "31 of 64 wait at part barrier ("});
        expect_fault(run(part_barrier_of_two_counts), {"part barrier 3 (", "threads here, elsewhere for"});
        expect_fault(run(part_barrier_of_half_a_warp), {"part barrier 1 (", "16 threads, which are no whole warps"});
        expect_fault(run(part_barrier_of_the_whole_block), {"part barrier 0 (", "none of 1 to 15"});
    }
}

TEST(emulation_finds_wrong_masks) {
    for (const NamedOrder &o : ORDERS) {
        int *out = nullptr;
        const auto prepare = [&] {
            reset_device();
            out = device_array<int>(64);
            set_order(o.order, o.seed);
        };
        const auto run = [&](auto kernel, auto... arguments) {
            return launch("k", kernel, 1, 32, 0, nullptr, arguments...);
        };
        prepare();
        expect_fault(run(lane_is_missing, out),
                     {"31 of 32 wait at __shfl_xor_sync", "1 of 32 wait at __syncthreads ("});
        prepare();
        expect_fault(run(lane_has_returned, out), {"__any_sync", "have returned from the kernel"});
        prepare();
        expect_fault(run(lane_does_not_name_itself), {"does not name the calling lane 3", "thread (3, 0, 0)"});
        prepare();
        expect_fault(run(different_masks), {"__ballot_sync"});
        prepare();
        expect_fault(run(different_operations), {"__any_sync", "__all_sync", "meets other lanes at"});
        prepare();
        expect_fault(run(different_types, reinterpret_cast<double *>(out)), {"meets other lanes at __shfl_sync"});
        prepare();
        expect_fault(run(reads_outside_the_mask, out), {"__shfl_sync", "reads lane 20, which does not take part"});
        prepare();
        expect_fault(launch("k", butterfly_of_partial_warp, 1, 24, 0, nullptr, out),
                     {"reads lane", "does not take part"});
        prepare();
        expect_fault(run(width_of_twelve, out), {"has width 12"});
    }
}

TEST(emulation_fault_is_named_and_sticks) {
    reset_device();
    cudaStream_t stream = nullptr;
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == cudaSuccess);
    int *const memory = device_array<int>(4);
    CHECK(launch("faults", faults_itself, dim3(2), dim3(48), 0, stream, 10) == cudaErrorIllegalAddress);
    CHECK_THAT(last_fault() == "kernel faults, block (1, 0, 0), thread (4, 0, 0): element 12 of 10", last_fault());
    // As on a device, nothing works from here on, and the error is not taken away by asking.
    CHECK(cudaGetLastError() == cudaErrorIllegalAddress && cudaGetLastError() == cudaErrorIllegalAddress);
    CHECK(cudaStreamSynchronize(stream) == cudaErrorIllegalAddress);
    CHECK(cudaFree(memory) == cudaErrorIllegalAddress);
    CHECK(launch("faults", faults_itself, dim3(1), dim3(1), 0, stream, 10) == cudaErrorIllegalAddress);
    reset_device();
    CHECK(last_fault().empty() && cudaGetLastError() == cudaSuccess);
    CHECK(allocated_bytes() == 0 && open_handles() == 0);
    // Threads that were cut off work again.
    float *const out = device_array<float>(64);
    CHECK(launch("reverse", reverse_through_shared, 1, 64, 64 * 4, nullptr, out, true) == cudaSuccess);
    CHECK(is_reversed(download(out, 64)));
    reset_device();
}

// Kernels that may start while those in front of them still run

namespace {

__global__ void begins(earshot::Span<float> values) {
    earshot::begin_kernel();
    values[threadIdx.x] += 1.0F;
}

__global__ void never_begins(float *values) {
    values[threadIdx.x] = 1.0F;
}

__global__ void begins_in_one_warp(float *values) {
    if (threadIdx.x < 32) {
        earshot::begin_kernel();
        values[threadIdx.x] = 1.0F;
    }
}

__global__ void reads_before_it_begins(earshot::Span<float> values) {
    const float value = values[threadIdx.x];
    earshot::begin_kernel();
    values[threadIdx.x] = value;
}

__global__ void reads_constants_before_it_begins(earshot::Span<const float> values) {
    static_cast<void>(values.load4(0));
    earshot::begin_kernel();
}

__global__ void writes_before_it_begins(earshot::Span<float> values) {
    values.store4(0, {});
    earshot::begin_kernel();
}

} // namespace

TEST(emulation_finds_kernels_that_do_not_wait_for_those_before_them) {
    for (const NamedOrder &o : ORDERS) {
        float *memory = nullptr;
        const auto prepare = [&] {
            reset_device();
            memory = device_array<float>(64);
            cudaMemset(memory, 0, 64 * sizeof(float));
            set_order(o.order, o.seed);
        };
        const auto run = [&](auto kernel, auto argument) {
            return earshot::launch("k", kernel, 2, 64, 0, nullptr, argument);
        };
        prepare();
        const earshot::Span<float> values(memory, 64);
        CHECK(run(begins, values) == cudaSuccess);
        CHECK(download(memory, 64) == std::vector<float>(64, 2.0F));
        // Launched otherwise, there is nothing to wait for.
        CHECK(launch("k", never_begins, 1, 64, 0, nullptr, memory) == cudaSuccess);
        CHECK(run(begins, values) == cudaSuccess);
        expect_fault(run(never_begins, memory), {"kernel k, block (", "returned without begin_kernel()"});
        prepare();
        expect_fault(run(begins_in_one_warp, memory), {"returned without begin_kernel()"});
        prepare();
        expect_fault(run(reads_before_it_begins, earshot::Span<float>(memory, 64)), {"used before begin_kernel()"});
        prepare();
        // What no kernel writes may be read before.
        CHECK(run(reads_constants_before_it_begins, earshot::Span<const float>(memory, 64, true)) == cudaSuccess);
        prepare();
        expect_fault(run(writes_before_it_begins, earshot::Span<float>(memory, 64)), {"used before begin_kernel()"});
    }
}

// Written beyond the end, where only the guard zones see it; the address sanitizer would stop the process here.

namespace {

#if defined(__SANITIZE_ADDRESS__)
#define BEHIND_THE_SANITIZER __attribute__((no_sanitize("address", "undefined")))
#else
#define BEHIND_THE_SANITIZER
#endif

BEHIND_THE_SANITIZER __global__ void write_at(unsigned char *array, long offset) {
    array[offset] = 1;
}

BEHIND_THE_SANITIZER __global__ void write_shared_at(unsigned offset) {
    shared().data[offset] = 1;
}

} // namespace

TEST(emulation_finds_writes_outside_of_allocations) {
    reset_device();
    unsigned char *array = device_array<unsigned char>(10);
    CHECK(launch("write", write_at, 1, 1, 0, nullptr, array, 9L) == cudaSuccess);
    expect_fault(launch("write", write_at, 1, 1, 0, nullptr, array, 10L),
                 {"kernel write: device memory: byte 0 after an allocation of 10 bytes was written"});
    array = device_array<unsigned char>(10);
    expect_fault(launch("write", write_at, 1, 1, 0, nullptr, array, -3L), {"3 bytes before an allocation of 10 bytes"});
    CHECK(launch("write", write_shared_at, 1, 1, 100, nullptr, 99U) == cudaSuccess);
    expect_fault(launch("write", write_shared_at, 1, 1, 100, nullptr, 100U),
                 {"kernel write, block (0, 0, 0): byte 100 of 100 bytes of shared memory was written"});
}
