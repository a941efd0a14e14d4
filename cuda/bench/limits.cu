/*
 * What the device reaches at its best, each by a kernel that does nothing else: a copy, and chains of multiply-adds, of
 * exp2 and of tensor products in registers, eight of them a thread so that no one waits for a result.
 */
#include <cstdio>

#include "kernel_bench.h"
#include "tensor_core.h"

namespace bench {
namespace {

using earshot::Float4;
using earshot::Span;

constexpr int THREADS = 256;
constexpr int CHAINS = 8;

__global__ void __launch_bounds__(THREADS)
    copy(const Span<const float> from, const Span<float> to, const std::int64_t quads) {
    earshot::begin_kernel();
    const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * THREADS + threadIdx.x;
    if (i < quads) {
        to.store4(i * 4, from.load4(i * 4));
    }
}

/* Results are written, or the compiler would drop what leads to them. */
__global__ void __launch_bounds__(THREADS) multiply_adds(const Span<float> out, const int steps, const float factor) {
    earshot::begin_kernel();
    float x[CHAINS];
    for (int c = 0; c < CHAINS; ++c) {
        x[c] = static_cast<float>(threadIdx.x + static_cast<unsigned>(c));
    }
    for (int i = 0; i < steps; ++i) {
#pragma unroll
        for (int c = 0; c < CHAINS; ++c) {
            x[c] = fmaf(x[c], factor, 1.0F);
        }
    }
    float sum = 0;
    for (int c = 0; c < CHAINS; ++c) {
        sum += x[c];
    }
    out[static_cast<std::int64_t>(blockIdx.x) * THREADS + threadIdx.x] = sum;
}

__global__ void __launch_bounds__(THREADS) powers(const Span<float> out, const int steps) {
    earshot::begin_kernel();
    float x[CHAINS];
    for (int c = 0; c < CHAINS; ++c) {
        x[c] = static_cast<float>(threadIdx.x + static_cast<unsigned>(c));
    }
    for (int i = 0; i < steps; ++i) {
#pragma unroll
        for (int c = 0; c < CHAINS; ++c) {
            x[c] = earshot::fast_exp2(-x[c]);
        }
    }
    float sum = 0;
    for (int c = 0; c < CHAINS; ++c) {
        sum += x[c];
    }
    out[static_cast<std::int64_t>(blockIdx.x) * THREADS + threadIdx.x] = sum;
}

template <bool BF16>
__global__ void __launch_bounds__(THREADS) products(const Span<float> out, const int steps) {
    earshot::begin_kernel();
    earshot::FragmentC sums[CHAINS] = {};
    const earshot::FragmentA a = {{threadIdx.x, 1U, 2U, 3U}};
    const earshot::FragmentB b = {{threadIdx.x, 5U}};
    for (int i = 0; i < steps; ++i) {
#pragma unroll
        for (int c = 0; c < CHAINS; ++c) {
            if constexpr (BF16) {
                earshot::mma<earshot::Word::BF16>(sums[c], a, b);
            } else {
                earshot::mma<earshot::Word::TF32>(sums[c], a, b);
            }
        }
    }
    float sum = 0;
    for (int c = 0; c < CHAINS; ++c) {
        sum += sums[c].v[0] + sums[c].v[1] + sums[c].v[2] + sums[c].v[3];
    }
    out[static_cast<std::int64_t>(blockIdx.x) * THREADS + threadIdx.x] = sum;
}

} // namespace

void Bench::measure_limits() {
    const unsigned blocks = tiny_ ? 2U : static_cast<unsigned>(multiprocessors_) * 8U;
    const int steps = tiny_ ? 2 : 4096;
    const double rounds = static_cast<double>(blocks) * THREADS * steps * CHAINS;

    const std::int64_t quads = tiny_ ? 1000 : 1 << 26; /* 1 GiB there and 1 GiB back, well beyond any cache */
    Buffer from;
    Buffer to;
    Buffer out;
    if (!from.allocate(quads * 4) || !to.allocate(quads * 4) || !out.allocate(std::int64_t{blocks} * THREADS)) {
        require(cudaErrorMemoryAllocation, "allocating for the copy");
    }
    from.fill(-1, 1, 1);
    const auto rate = [&](double work, const auto &run) { return work / time(run).median; };
    limits_.bytes = rate(static_cast<double>(quads) * 32, [&](cudaStream_t stream) {
        return earshot::launch("copy", copy, dim3(static_cast<unsigned>(earshot::divide_up(quads, THREADS))),
                               dim3(THREADS), 0, stream, Span<const float>(from.span()), to.span(), quads);
    });
    limits_.flops = rate(rounds * 2, [&](cudaStream_t stream) {
        return earshot::launch("multiply_adds", multiply_adds, dim3(blocks), dim3(THREADS), 0, stream, out.span(),
                               steps, 0.5F);
    });
    limits_.specials = rate(rounds, [&](cudaStream_t stream) {
        return earshot::launch("powers", powers, dim3(blocks), dim3(THREADS), 0, stream, out.span(), steps);
    });
    /* A warp's product of 16 x 8 by K numbers: 256 K flops, K being 8 or 16. */
    limits_.tf32_flops = rate(rounds / 32 * 256 * 8, [&](cudaStream_t stream) {
        return earshot::launch("products", products<false>, dim3(blocks), dim3(THREADS), 0, stream, out.span(), steps);
    });
    limits_.bf16_flops = rate(rounds / 32 * 256 * 16, [&](cudaStream_t stream) {
        return earshot::launch("products", products<true>, dim3(blocks), dim3(THREADS), 0, stream, out.span(), steps);
    });
    std::printf(
        "limits: copy %.0f GB/s; multiply-adds %.1f, TF32 %.0f, BF16 %.0f TFLOP/s (mma.sync); exp2 %.0f G/s\n\n",
        limits_.bytes * 1e-9, limits_.flops * 1e-12, limits_.tf32_flops * 1e-12, limits_.bf16_flops * 1e-12,
        limits_.specials * 1e-9);
}

} // namespace bench
