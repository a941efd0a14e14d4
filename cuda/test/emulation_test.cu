/* The emulated device itself: that threads do what CUDA says, and that mistakes are found and told. */
#include <cuda_runtime.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "harness.h"

using namespace earshot::emulation;

namespace {

constexpr unsigned FULL = 0xFFFFFFFFU;

float *shared_floats() { return reinterpret_cast<float *>(shared().data); }

template <class T> T *device_array(std::size_t count) {
    T *pointer = nullptr;
    CHECK(cudaMalloc(&pointer, count * sizeof(T)) == cudaSuccess);
    return pointer;
}

template <class T> std::vector<T> download(const T *from, std::size_t count) {
    std::vector<T> values(count);
    CHECK(cudaMemcpy(values.data(), from, count * sizeof(T), cudaMemcpyDeviceToHost) == cudaSuccess);
    return values;
}

/* Expects the device to be broken by a fault whose text has all of the parts; leaves a working one. */
void expect_fault(cudaError_t error, const std::vector<std::string> &parts) {
    const std::string text = last_fault();
    CHECK_THAT(error == cudaErrorIllegalAddress, cudaGetErrorName(error));
    for (const std::string &part : parts) {
        CHECK_THAT(text.find(part) != std::string::npos, "'" + part + "' is not in '" + text + "'");
    }
    reset_device();
}

struct NamedOrder {
    Order order;
    std::uint64_t seed;
};
const NamedOrder ORDERS[] = {{Order::forward, 0}, {Order::reverse, 0}, {Order::shuffle, 1}, {Order::shuffle, 2}};

// Indices

__global__ void write_index(uint4 *out) {
    const unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
    const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
    const unsigned threads = blockDim.x * blockDim.y * blockDim.z;
    out[block * threads + thread] = make_uint4(threadIdx.x, threadIdx.y, threadIdx.z, block);
}

} // namespace

TEST(emulation_runs_every_thread_of_every_block_once) {
    reset_device();
    const dim3 grid(3, 2, 2), block(5, 3, 2);
    for (const NamedOrder &o : ORDERS) {
        set_order(o.order, o.seed);
        uint4 *const out = device_array<uint4>(12 * 30);
        CHECK(launch("write_index", write_index, grid, block, 0, nullptr, out) == cudaSuccess);
        const std::vector<uint4> seen = download(out, 12 * 30);
        for (unsigned i = 0; i < seen.size(); ++i) {
            const unsigned t = i % 30;
            CHECK(seen[i].x == t % 5 && seen[i].y == t / 5 % 3 && seen[i].z == t / 15 && seen[i].w == i / 30);
        }
        CHECK(cudaFree(out) == cudaSuccess);
    }
    CHECK(allocated_bytes() == 0);
    reset_device();
}

// Barriers and shared memory

namespace {

__global__ void reverse_through_shared(float *out, bool with_barrier) {
    float *const values = shared_floats();
    values[threadIdx.x] = static_cast<float>(threadIdx.x);
    if (with_barrier) {
        __syncthreads();
    }
    out[threadIdx.x] = values[blockDim.x - 1 - threadIdx.x];
}

bool is_reversed(const std::vector<float> &values) {
    bool all = true;
    for (std::size_t i = 0; i < values.size(); ++i) {
        all = all && values[i] == static_cast<float>(values.size() - 1 - i);
    }
    return all;
}

/* Each warp hands a value to the next one; correct if the giver happens to run first. */
__global__ void pass_to_next_warp(float *out) {
    float *const values = shared_floats();
    const unsigned warp = threadIdx.x / 32, warps = blockDim.x / 32;
    values[threadIdx.x] = static_cast<float>(warp);
    __syncwarp();
    if (warp + 1 < warps) {
        out[threadIdx.x + 32] = values[threadIdx.x];
    }
    if (warp > 0) {
        out[threadIdx.x - 32] = values[threadIdx.x - 32];
    }
}

} // namespace

TEST(emulation_barrier_makes_writes_visible_in_every_order) {
    reset_device();
    for (const NamedOrder &o : ORDERS) {
        set_order(o.order, o.seed);
        for (const unsigned threads : {1U, 31U, 32U, 33U, 100U, 1024U}) {
            float *const out = device_array<float>(threads);
            CHECK(launch("reverse", reverse_through_shared, 2, threads, threads * 4, nullptr, out, true) ==
                  cudaSuccess);
            CHECK(is_reversed(download(out, threads)));
            cudaFree(out);
        }
    }
    reset_device();
}

/* Without the barrier, a thread that runs before its partner reads poison. */
TEST(emulation_missing_barrier_is_seen) {
    reset_device();
    for (const NamedOrder &o : ORDERS) {
        set_order(o.order, o.seed);
        float *const out = device_array<float>(64);
        CHECK(launch("race", reverse_through_shared, 1, 64, 64 * 4, nullptr, out, false) == cudaSuccess);
        const std::vector<float> values = download(out, 64);
        CHECK(!is_reversed(values));
        int poisoned = 0;
        for (const float v : values) {
            poisoned += std::isnan(v) ? 1 : 0;
        }
        CHECK(poisoned > 0);
        cudaFree(out);
    }
    reset_device();
}

/* A race that the forward order hides, because the warp that writes runs before the one that reads. */
TEST(emulation_order_uncovers_a_hidden_race) {
    reset_device();
    std::vector<float> results[2];
    for (const Order order : {Order::forward, Order::reverse}) {
        set_order(order);
        float *const out = device_array<float>(128);
        CHECK(launch("race", pass_to_next_warp, 1, 128, 128 * 4, nullptr, out) == cudaSuccess);
        results[order == Order::reverse] = download(out, 128);
        cudaFree(out);
    }
    CHECK(std::memcmp(results[0].data(), results[1].data(), 128 * sizeof(float)) != 0);
    reset_device();
}

namespace {

__global__ void shared_as_found(std::uint32_t *out, unsigned words) {
    std::uint32_t *const values = reinterpret_cast<std::uint32_t *>(shared().data);
    for (unsigned i = 0; i < words; ++i) {
        out[blockIdx.x * words + i] = values[i];
        values[i] = blockIdx.x;
    }
}

__global__ void reduce_predicates(int *out) {
    const int mine = threadIdx.x % 3 == 0;
    const int counted = __syncthreads_count(mine);
    const int any = __syncthreads_or(threadIdx.x == blockDim.x - 1);
    const int none = __syncthreads_or(0);
    const int all = __syncthreads_and(1);
    const int not_all = __syncthreads_and(threadIdx.x != 0);
    out[threadIdx.x] = counted * 16 + any * 8 + none * 4 + all * 2 + not_all;
}

} // namespace

TEST(emulation_poisons_shared_memory_before_each_block) {
    reset_device();
    constexpr unsigned WORDS = 16, BLOCKS = 3;
    std::uint32_t *const out = device_array<std::uint32_t>(WORDS * BLOCKS);
    CHECK(launch("found", shared_as_found, BLOCKS, 1, WORDS * 4, nullptr, out, WORDS) == cudaSuccess);
    for (const std::uint32_t word : download(out, WORDS * BLOCKS)) {
        CHECK(word == poison);
    }
    float as_float;
    double as_double;
    const std::uint32_t twice[] = {poison, poison};
    std::memcpy(&as_float, &poison, sizeof as_float);
    std::memcpy(&as_double, twice, sizeof as_double);
    CHECK(std::isnan(as_float) && std::isnan(as_double));
    reset_device();
}

TEST(emulation_poisons_allocated_memory) {
    reset_device();
    std::uint32_t *const out = device_array<std::uint32_t>(9);
    for (const std::uint32_t word : download(out, 9)) {
        CHECK(word == poison);
    }
    reset_device();
}

TEST(emulation_barriers_reduce_predicates) {
    reset_device();
    for (const NamedOrder &o : ORDERS) {
        set_order(o.order, o.seed);
        for (const int threads : {1, 32, 50, 256}) {
            int *const out = device_array<int>(static_cast<std::size_t>(threads));
            CHECK(launch("reduce", reduce_predicates, 1, static_cast<unsigned>(threads), 0, nullptr, out) ==
                  cudaSuccess);
            for (const int value : download(out, static_cast<std::size_t>(threads))) {
                CHECK(value == (threads + 2) / 3 * 16 + 8 + 2);
            }
            cudaFree(out);
        }
    }
    reset_device();
}

// Warps

namespace {

struct Shuffled {
    int from_three, up, down, butterfly;
    int from_third_of_eight, up_in_eight, down_in_eight, butterfly_in_eight;
    unsigned ballot;
    int any, all;
    double precise;
};

__global__ void shuffle_everything(Shuffled *out) {
    const int lane = static_cast<int>(threadIdx.x % 32), value = 100 + lane;
    Shuffled s;
    s.from_three = __shfl_sync(FULL, value, 3);
    s.up = __shfl_up_sync(FULL, value, 5);
    s.down = __shfl_down_sync(FULL, value, 5);
    s.butterfly = __shfl_xor_sync(FULL, value, 16);
    s.from_third_of_eight = __shfl_sync(FULL, value, 11, 8);
    s.up_in_eight = __shfl_up_sync(FULL, value, 3, 8);
    s.down_in_eight = __shfl_down_sync(FULL, value, 3, 8);
    s.butterfly_in_eight = __shfl_xor_sync(FULL, value, 8, 8);
    s.ballot = __ballot_sync(FULL, lane % 2);
    s.any = __any_sync(FULL, lane == 17);
    s.all = __all_sync(FULL, lane != 17);
    s.precise = __shfl_xor_sync(FULL, 1e-300 * lane, 1);
    out[threadIdx.x] = s;
}

/* Even and odd lanes, at the same time, each among themselves and a different number of times. */
__global__ void sum_even_and_odd(int *out) {
    const int lane = static_cast<int>(threadIdx.x);
    int sum = lane;
    if (lane % 2 == 0) {
        for (int step = 2; step < 32; step *= 2) {
            sum += __shfl_xor_sync(0x55555555U, sum, step);
        }
    } else {
        sum = __shfl_sync(0xAAAAAAAAU, sum, 31);
    }
    out[lane] = sum;
}

__global__ void first_lane_of_partial_warp(int *out) {
    out[threadIdx.x] = __shfl_sync(FULL, static_cast<int>(threadIdx.x) + 7, 0);
}

__global__ void exchange(float *out) {
    float all[32];
    warp_exchange(static_cast<float>(threadIdx.x * 10), all);
    float sum = 0;
    for (const float v : all) {
        sum += v;
    }
    warp_exchange(all[31], all); // an element of what is overwritten
    out[threadIdx.x] = sum + all[5];
}

} // namespace

/* Expected values by the definitions in the CUDA C++ Programming Guide, "Warp Shuffle Functions". */
TEST(emulation_shuffles_and_votes) {
    reset_device();
    for (const NamedOrder &o : ORDERS) {
        set_order(o.order, o.seed);
        Shuffled *const out = device_array<Shuffled>(64);
        CHECK(launch("shuffle", shuffle_everything, 1, 64, 0, nullptr, out) == cudaSuccess);
        const std::vector<Shuffled> results = download(out, 64);
        for (int i = 0; i < 64; ++i) {
            const Shuffled &s = results[static_cast<std::size_t>(i)];
            const int lane = i % 32, in_eight = lane % 8;
            CHECK(s.from_three == 103);
            CHECK(s.up == 100 + (lane >= 5 ? lane - 5 : lane));
            CHECK(s.down == 100 + (lane + 5 < 32 ? lane + 5 : lane));
            CHECK(s.butterfly == 100 + (lane ^ 16));
            CHECK(s.from_third_of_eight == 100 + lane / 8 * 8 + 3);
            CHECK(s.up_in_eight == 100 + (in_eight >= 3 ? lane - 3 : lane));
            CHECK(s.down_in_eight == 100 + (in_eight + 3 < 8 ? lane + 3 : lane));
            // A lane of an earlier segment may be read, one of a later segment may not.
            CHECK(s.butterfly_in_eight == 100 + ((lane ^ 8) < lane ? lane ^ 8 : lane));
            CHECK(s.ballot == 0xAAAAAAAAU);
            CHECK(s.any == 1 && s.all == 0);
            CHECK(s.precise == 1e-300 * (lane ^ 1));
        }
        cudaFree(out);
    }
    reset_device();
}

TEST(emulation_disjoint_masks_run_side_by_side) {
    reset_device();
    for (const NamedOrder &o : ORDERS) {
        set_order(o.order, o.seed);
        int *const out = device_array<int>(32);
        CHECK(launch("even_odd", sum_even_and_odd, 1, 32, 0, nullptr, out) == cudaSuccess);
        const std::vector<int> sums = download(out, 32);
        for (std::size_t lane = 0; lane < 32; ++lane) {
            CHECK(sums[lane] == (lane % 2 == 0 ? 240 : 31)); // 0 + 2 + ... + 30
        }
        cudaFree(out);
    }
    reset_device();
}

TEST(emulation_partial_warp_takes_part_as_far_as_it_exists) {
    reset_device();
    int *const out = device_array<int>(40);
    CHECK(launch("partial", first_lane_of_partial_warp, 1, 40, 0, nullptr, out) == cudaSuccess);
    const std::vector<int> values = download(out, 40);
    CHECK(values[0] == 7 && values[31] == 7 && values[32] == 39 && values[39] == 39);
    reset_device();
}

TEST(emulation_warp_exchange_gives_all_lanes_all_values) {
    reset_device();
    float *const out = device_array<float>(32);
    CHECK(launch("exchange", exchange, 1, 32, 0, nullptr, out) == cudaSuccess);
    for (const float v : download(out, 32)) {
        CHECK(v == 10 * 31 * 16 + 310);
    }
    reset_device();
}

// Arithmetic

namespace {

__global__ void count_threads(int *counters, float *sum) {
    atomicAdd(&counters[0], 1);
    atomicMax(&counters[1], static_cast<int>(threadIdx.x + blockIdx.x * blockDim.x));
    atomicMin(&counters[2], -static_cast<int>(threadIdx.x));
    atomicCAS(&counters[3], 5, 6);
    atomicAdd(sum, 0.5F);
}

} // namespace

TEST(emulation_atomics) {
    reset_device();
    int *const counters = device_array<int>(4);
    float *const sum = device_array<float>(1);
    const int start[] = {0, 0, 0, 5};
    CHECK(cudaMemcpy(counters, start, sizeof start, cudaMemcpyHostToDevice) == cudaSuccess);
    CHECK(cudaMemset(sum, 0, sizeof(float)) == cudaSuccess);
    CHECK(launch("count", count_threads, 3, 50, 0, nullptr, counters, sum) == cudaSuccess);
    CHECK((download(counters, 4) == std::vector<int>{150, 149, -49, 6}));
    CHECK(download(sum, 1)[0] == 75);
    reset_device();
}

TEST(emulation_intrinsics) {
    CHECK(rsqrtf(16.0F) == 0.25F && __frcp_rn(4.0F) == 0.25F && __fdividef(1.0F, 8.0F) == 0.125F);
    CHECK(__float_as_uint(1.0F) == 0x3F800000U && __uint_as_float(0xC0000000U) == -2.0F);
    CHECK(__float_as_int(-0.0F) == -2147483647 - 1 && __int_as_float(0x7F800000) > 1e38F);
    CHECK(__popc(0xF0F0U) == 8 && __clz(0) == 32 && __clz(1) == 31 && __clz(-1) == 0);
    CHECK(__ffs(0) == 0 && __ffs(8) == 4 && __brev(1U) == 0x80000000U && __umulhi(0x80000000U, 6U) == 3U);
    // (1 + 2^-22)^2 - 1 = 2^-21 + 2^-44, of which the last bit survives only if the product is not rounded.
    CHECK(__fmaf_rn(0x1.000004p0F, 0x1.000004p0F, -1.0F) == 0x1.000002p-21F);
    CHECK(__fadd_rn(__fmul_rn(0x1.000004p0F, 0x1.000004p0F), -1.0F) == 0x1p-21F);
    CHECK(std::fabs(__expf(1.0F) - 2.7182818F) < 1e-6F && std::fabs(__logf(10.0F) - 2.3025851F) < 1e-6F);
    CHECK(min(-1, 1U) == 1U && max(-1, 1U) == 0xFFFFFFFFU && min(1.5F, 2.0) == 1.5 && max(3, 4) == 4);
    CHECK(max(NAN, 1.0F) == 1.0F && min(1.0F, NAN) == 1.0F);
    CHECK(__saturatef(2.0F) == 1.0F && __saturatef(-1.0F) == 0.0F && __saturatef(NAN) == 0.0F);
}

// Mistakes

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

__global__ void lane_does_not_name_itself() { __syncwarp(threadIdx.x == 3 ? 1U : FULL); }

__global__ void different_masks() { __ballot_sync(threadIdx.x == 9 ? FULL : 0x0000FFFFU, 1); }

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

__global__ void butterfly_of_partial_warp(int *out) { out[threadIdx.x] = __shfl_xor_sync(FULL, 1, 16); }

__global__ void width_of_twelve(int *out) { out[threadIdx.x] = __shfl_sync(FULL, 1, 0, 12); }

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
                     {"kernel k, block (", "40 of 64 wait at __syncthreads (emulation_test.cu:", "24 have returned"});
        reset_device();
        int *const flag = device_array<int>(1);
        cudaMemset(flag, 0, sizeof(int));
        set_order(o.order, o.seed);
        expect_fault(launch("k", some_skip_the_barrier, 1, 64, 0, nullptr, flag),
                     {"no thread can go on", "10 of 64 wait at __syncthreads (",
                      "22 of 64 wait at __shfl_sync (emulation_test.cu:", "32 have returned"});
        expect_fault(run(barrier_in_both_branches), {"while other threads stand at __syncthreads (emulation_test.cu:"});
        expect_fault(run(two_kinds_of_barrier), {"__syncthreads (", "__syncthreads_or ("});
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
        const auto run = [&](auto kernel, auto... arguments) { return launch("k", kernel, 1, 32, 0, nullptr, arguments...); };
        prepare();
        expect_fault(run(lane_is_missing, out), {"31 of 32 wait at __shfl_xor_sync", "1 of 32 wait at __syncthreads ("});
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
        expect_fault(launch("k", butterfly_of_partial_warp, 1, 24, 0, nullptr, out), {"reads lane", "does not take part"});
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

// Written beyond the end, where only the guard zones see it; the address sanitizer would stop the process here.

namespace {

#if defined(__SANITIZE_ADDRESS__)
#define BEHIND_THE_SANITIZER __attribute__((no_sanitize("address", "undefined")))
#else
#define BEHIND_THE_SANITIZER
#endif

BEHIND_THE_SANITIZER __global__ void write_at(unsigned char *array, long offset) { array[offset] = 1; }

BEHIND_THE_SANITIZER __global__ void write_shared_at(unsigned offset) { shared().data[offset] = 1; }

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
