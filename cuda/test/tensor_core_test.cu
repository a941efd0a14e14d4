/*
 * Tensor cores against the model of their sums (emulation/tensor_core.h): products of one instruction and the sum so
 * far are aligned and cut off at a bit no lower than the last of a float32 as large as the largest of them. On a device
 * this asks the hardware; in emulation it holds the emulation to its own word.
 */
#include <cmath>
#include <cstdio>
#include <vector>

#include "device_array.h"
#include "factors.h"
#include "harness.h"
#include "runtime.h"
#include "tensor_tile.h"
#include "vectors.h"

namespace {

/* sums[tile] += a[tile] b[tile]: one instruction, a warp a tile; a as rows of 8 words, b as 8 words of 8 columns. */
template <earshot::Word W>
__global__ void multiply_once(earshot::Span<const std::uint32_t> a, earshot::Span<const std::uint32_t> b,
                              earshot::Span<float> sums) {
    earshot::begin_kernel();
    const earshot::Shared<std::uint32_t> rows(0, 16 * 8);
    const int lane = static_cast<int>(threadIdx.x);
    const std::int64_t tile = blockIdx.x;
    for (int i = lane; i < 16 * 8; i += 32) {
        rows[i] = a[tile * 128 + i];
    }
    __syncwarp();
    const earshot::FragmentA fragment = earshot::load_fragment(rows, lane % 16 * 8 + lane / 16 * 4);
    earshot::FragmentB weights;
    for (int i = 0; i < 2; ++i) {
        weights.word[i] = b[tile * 64 + (lane % 4 + i * 4) * 8 + lane / 4];
    }
    earshot::FragmentC c;
    for (int i = 0; i < 4; ++i) {
        c.v[i] = sums[tile * 128 + (lane / 4 + i / 2 * 8) * 8 + lane % 4 * 2 + i % 2];
    }
    earshot::mma<W>(c, fragment, weights);
    for (int i = 0; i < 4; ++i) {
        sums[tile * 128 + (lane / 4 + i / 2 * 8) * 8 + lane % 4 * 2 + i % 2] = c.v[i];
    }
}

template <earshot::Word W>
void compare(earshot::Arithmetic arithmetic) {
    constexpr int EACH = W == earshot::Word::TF32 ? 1 : 2;
    constexpr std::int64_t TILES = 64;
    test::Random random(static_cast<std::uint64_t>(W) + 1);
    std::vector<float> sums = random.vector(TILES * 128, -4.0F, 4.0F);
    const std::vector<std::uint32_t> a = test::factor_words(random, arithmetic, TILES * 128);
    const std::vector<std::uint32_t> b = test::factor_words(random, arithmetic, TILES * 64);
    const std::vector<float> before = sums;
    const test::DeviceArray device_a(test::as_floats(a));
    const test::DeviceArray device_b(test::as_floats(b));
    const test::DeviceArray device_sums(sums);
    test::require(earshot::launch("multiply once", multiply_once<W>, dim3(TILES), dim3(32), 16 * 8 * 4, nullptr,
                                  earshot::as_words(device_a.span()), earshot::as_words(device_b.span()),
                                  device_sums.span()),
                  "multiplying once");
    sums = device_sums.values();
    double furthest = 0;
    double bias = 0;
    for (std::int64_t tile = 0; tile < TILES; ++tile) {
        for (int i = 0; i < 128; ++i) {
            const auto at = static_cast<std::size_t>(tile * 128 + i);
            double exact = before[at];
            double largest = std::fabs(exact);
            for (int k = 0; k < 8 * EACH; ++k) {
                const double product =
                    test::factor_number(W, a[static_cast<std::size_t>(tile * 128 + i / 8 * 8 + k / EACH)], k % EACH) *
                    test::factor_number(W, b[static_cast<std::size_t>(tile * 64 + k / EACH * 8 + i % 8)], k % EACH);
                exact += product;
                largest = std::fmax(largest, std::fabs(product));
            }
            const double unit = std::ldexp(1.0, std::ilogb(largest) - 23);
            const double error = (static_cast<double>(sums[at]) - exact) / unit;
            furthest = std::fmax(furthest, std::fabs(error));
            bias += error * (exact < 0 ? -1 : 1);
        }
    }
    std::printf("       tensor cores, words of kind %d: furthest %.2f units of the largest term, towards zero %.3f\n",
                static_cast<int>(W), furthest, -bias / (TILES * 128));
    CHECK_THAT(furthest <= test::furthest_units(8 * EACH), "a sum is " + std::to_string(furthest) + " units off");
}

TEST(tensor_cores_sum_as_the_emulation_does) {
    if (!earshot::device().has_tensor_cores()) {
        return;
    }
    compare<earshot::Word::TF32>(earshot::Arithmetic::TF32);
    compare<earshot::Word::BF16>(earshot::Arithmetic::BF16);
    compare<earshot::Word::HALF>(earshot::Arithmetic::HALF);
}

} // namespace
