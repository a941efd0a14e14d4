/* Warps of the emulated device: shuffles, votes, exchanges. */
#include <cuda_runtime.h>

#include <vector>

#include "emulated_device.h"

using namespace earshot::emulation;
using namespace earshot::emulation::testing;

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

struct Pair {
    int mine, partner;
};

/* Every lane hears of its mirror image from one call for all. */
__global__ void mirror(int *out) {
    Pair pair{static_cast<int>(threadIdx.x), -1};
    warp_collective<Pair>("mirror", pair, [](Pair *const(&lanes)[32]) {
        for (int lane = 0; lane < 32; ++lane) {
            lanes[lane]->partner = lanes[31 - lane]->mine;
        }
    });
    out[threadIdx.x] = pair.partner;
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

TEST(emulation_warp_collective_is_carried_out_for_all_lanes) {
    for (const NamedOrder &o : ORDERS) {
        reset_device();
        set_order(o.order, o.seed);
        int *const out = device_array<int>(64);
        CHECK(launch("mirror", mirror, 1, 64, 0, nullptr, out) == cudaSuccess);
        const std::vector<int> values = download(out, 64);
        for (int i = 0; i < 64; ++i) {
            CHECK(values[static_cast<std::size_t>(i)] == i / 32 * 32 + 31 - i % 32);
        }
        expect_fault(launch("mirror", mirror, 1, 40, 0, nullptr, out), {"mirror needs a full warp", "thread ("});
    }
}
