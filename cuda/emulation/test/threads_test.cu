/* The emulated device itself: that threads, blocks and memory do what CUDA says. */
#include <cuda_runtime.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "emulated_device.h"

using namespace earshot::emulation;
using namespace earshot::emulation::testing;

namespace {

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

/* Two halves of the block hand values around their warps, each at its own pace. */
__global__ void pass_within_halves(float *out) {
    float *const values = shared_floats();
    const int half = static_cast<int>(threadIdx.x) / 64;
    const int other = half * 64 + (static_cast<int>(threadIdx.x) + 32) % 64;
    float value = static_cast<float>(threadIdx.x);
    for (int i = 0; i < 3 + half * 2; ++i) {
        values[threadIdx.x] = value;
        part_barrier(1 + half, 64);
        value = values[other] + 1.0F;
        part_barrier(1 + half, 64);
    }
    out[threadIdx.x] = value;
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

TEST(emulation_part_barriers_hold_their_part_only) {
    reset_device();
    for (const NamedOrder &o : ORDERS) {
        set_order(o.order, o.seed);
        float *const out = device_array<float>(128);
        CHECK(launch("halves", pass_within_halves, 1, 128, 128 * 4, nullptr, out) == cudaSuccess);
        const std::vector<float> values = download(out, 128);
        for (int i = 0; i < 128; ++i) {
            // An odd number of rounds: the other warp's number, and a 1 for each round.
            CHECK(values[static_cast<std::size_t>(i)] == static_cast<float>((i < 64 ? 3 : 5) + (i ^ 32)));
        }
        cudaFree(out);
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
    for (const Order order : {Order::FORWARD, Order::REVERSE}) {
        set_order(order);
        float *const out = device_array<float>(128);
        CHECK(launch("race", pass_to_next_warp, 1, 128, 128 * 4, nullptr, out) == cudaSuccess);
        results[order == Order::REVERSE] = download(out, 128);
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
        CHECK(word == POISON);
    }
    float as_float;
    double as_double;
    const std::uint32_t twice[] = {POISON, POISON};
    std::memcpy(&as_float, &POISON, sizeof as_float);
    std::memcpy(&as_double, twice, sizeof as_double);
    CHECK(std::isnan(as_float) && std::isnan(as_double));
    reset_device();
}

TEST(emulation_poisons_allocated_memory) {
    reset_device();
    std::uint32_t *const out = device_array<std::uint32_t>(9);
    for (const std::uint32_t word : download(out, 9)) {
        CHECK(word == POISON);
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
