/*
 * Instructions that C++ has no name for, each with the plain twin that emulation runs. The fragments of mma.sync are
 * laid out as the PTX manual says ("Matrix Fragments for mma.m16n8k8" and "m16n8k16"): in emulation the product is
 * computed from all lanes' registers by that layout, so a kernel that loads a fragment wrongly is found out.
 */
#pragma once

#include <cmath>
#include <cstring>

#include "device.h"

namespace earshot {

#ifdef EARSHOT_EMULATION
__device__ __forceinline__ std::uint32_t bits_of(float x) {
    std::uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return bits;
}
__device__ __forceinline__ float float_of(std::uint32_t bits) {
    float x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}
#else
__device__ __forceinline__ std::uint32_t bits_of(float x) { return __float_as_uint(x); }
__device__ __forceinline__ float float_of(std::uint32_t bits) { return __uint_as_float(bits); }
#endif

/* 2^x to 2 units in the last place; results below 2^-126 are 0. */
__device__ __forceinline__ float fast_exp2(float x) {
#ifdef EARSHOT_EMULATION
    const float y = std::exp2(x);
    return y < 0x1p-126F ? 0.0F : y;
#else
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
#endif
}

/* 1 / x to 1 unit in the last place. */
__device__ __forceinline__ float fast_reciprocal(float x) {
#ifdef EARSHOT_EMULATION
    return 1.0F / x;
#else
    float y;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
#endif
}

constexpr float LOG2_E = 1.44269504088896340736F;

/* max(x, 0), and NaN for NaN, which fmaxf would hide. */
__device__ __forceinline__ float relu(float x) {
#if defined(EARSHOT_EMULATION) || __CUDA_ARCH__ < 800
    return x < 0.0F ? 0.0F : x;
#else
    float y;
    asm("max.NaN.f32 %0, %1, 0f00000000;" : "=f"(y) : "f"(x));
    return y;
#endif
}

/* 1 / (1 + e^-x). For x below -88 the power overflows to infinity, whose reciprocal is the 0 that is meant. */
__device__ __forceinline__ float sigmoid(float x) { return fast_reciprocal(1.0F + fast_exp2(-LOG2_E * x)); }

/* x sigmoid(x). */
__device__ __forceinline__ float silu(float x) { return x * sigmoid(x); }

/*
 * ln(1 + e^x) = max(x, 0) + ln(1 + e), e = e^-|x|. Steps of trained networks are as small as 1e-3 (x = -7), where 1 + e
 * has lost digits, hence not by a logarithm but by e P(e), P being the polynomial of degree 8 that is nearest to
 * ln(1 + e) / e on [0, 1] in relative error (Remez): 3.0e-8, half a unit in the last place. It costs less than a series
 * in e / (2 + e), whose reciprocal would need the unit that exp2 keeps busy.
 */
__device__ __forceinline__ float softplus(float x) {
    const float e = fast_exp2(-LOG2_E * fabsf(x));
    float p = 0.0052326941F;
    p = fmaf(p, e, -0.029505238F);
    p = fmaf(p, e, 0.078225948F);
    p = fmaf(p, e, -0.13663246F);
    p = fmaf(p, e, 0.19106007F);
    p = fmaf(p, e, -0.24842982F);
    p = fmaf(p, e, 0.33319098F);
    p = fmaf(p, e, -0.49999493F);
    p = fmaf(p, e, 0.99999994F);
    return fmaf(e, p, fmaxf(x, 0.0F));
}

/*
 * Copies four floats from global to shared memory past the registers, without waiting (cp.async, compute capability 8.0;
 * at once below that, and in emulation, which therefore does not see a missing wait).
 */
__device__ __forceinline__ void copy_async(const Shared<float> &to, int at, const Span<const float> &from,
                                           std::int64_t index) {
#if !defined(EARSHOT_EMULATION) && __CUDA_ARCH__ >= 800
    const auto target = static_cast<std::uint32_t>(__cvta_generic_to_shared(&to[at]));
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(target), "l"(&from[index]) : "memory");
#else
    to.store4(at, from.load4(index));
#endif
}

/* Waits for all copies that this thread began; the block's other threads see them after the next barrier. */
__device__ __forceinline__ void wait_for_copies() {
#if !defined(EARSHOT_EMULATION) && __CUDA_ARCH__ >= 800
    asm volatile("cp.async.wait_all;" ::: "memory");
#endif
}

/* x rounded to the 10 explicit bits of TF32, ties away from zero (cvt.rna, from compute capability 8.0 on). */
__device__ __forceinline__ std::uint32_t to_tf32(float x) {
#if defined(EARSHOT_EMULATION) || __CUDA_ARCH__ < 800
    return (bits_of(x) + 0x1000U) & ~0x1FFFU;
#else
    std::uint32_t y;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(y) : "f"(x));
    return y;
#endif
}

/* x rounded to bfloat16, ties to even. */
__device__ __forceinline__ std::uint32_t bf16_bits(float x) {
    const std::uint32_t bits = bits_of(x);
    return x != x ? 0x7FFFU : (bits + 0x7FFFU + ((bits >> 16U) & 1U)) >> 16U;
}

/* Two floats rounded to bfloat16, the first in the lower half. */
__device__ __forceinline__ std::uint32_t pack_bf16(float low, float high) {
#if defined(EARSHOT_EMULATION) || __CUDA_ARCH__ < 800
    return bf16_bits(low) | bf16_bits(high) << 16U;
#else
    std::uint32_t y;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(y) : "f"(high), "f"(low));
    return y;
#endif
}

/* The sum over a warp's lanes, the same in all of them. */
__device__ __forceinline__ float warp_sum(float v) {
    for (int mask = 16; mask > 0; mask /= 2) {
        v += __shfl_xor_sync(0xFFFFFFFFU, v, mask);
    }
    return v;
}

/* A lane's share of a 16 x 8-word tile of A, an 8-word x 8 tile of B, and a 16 x 8 tile of sums. */
struct FragmentA {
    std::uint32_t word[4];
};
struct FragmentB {
    std::uint32_t word[2];
};
struct FragmentC {
    float v[4];
};

#ifdef EARSHOT_EMULATION
namespace emulation {
/* A lane's share of a product. */
struct WarpTile {
    FragmentA a;
    FragmentB b;
    FragmentC c;
};

/* The numbers in a word: one of TF32 (whose low 13 bits the hardware does not read), or two of bfloat16. */
template <bool BF16> void unpack(std::uint32_t word, double *numbers) {
    if constexpr (BF16) {
        numbers[0] = float_of(word << 16U);
        numbers[1] = float_of(word & 0xFFFF0000U);
    } else {
        numbers[0] = float_of(word & ~0x1FFFU);
    }
}

template <bool BF16> void multiply_tiles(WarpTile *const (&lanes)[32]) {
    constexpr unsigned EACH = BF16 ? 2 : 1;
    constexpr unsigned DEPTH = 8 * EACH;
    double rows[16][DEPTH];
    double columns[8][DEPTH];
    for (unsigned lane = 0; lane < 32; ++lane) {
        for (unsigned i = 0; i < 4; ++i) {
            unpack<BF16>(lanes[lane]->a.word[i], &rows[lane / 4 + i % 2 * 8][(lane % 4 + i / 2 * 4) * EACH]);
        }
        for (unsigned i = 0; i < 2; ++i) {
            unpack<BF16>(lanes[lane]->b.word[i], &columns[lane / 4][(lane % 4 + i * 4) * EACH]);
        }
    }
    for (unsigned lane = 0; lane < 32; ++lane) {
        for (unsigned i = 0; i < 4; ++i) {
            const double(&row)[DEPTH] = rows[lane / 4 + i / 2 * 8];
            const double(&column)[DEPTH] = columns[lane % 4 * 2 + i % 2];
            double sum = 0;
            for (unsigned k = 0; k < DEPTH; ++k) {
                sum += row[k] * column[k];
            }
            lanes[lane]->c.v[i] = static_cast<float>(lanes[lane]->c.v[i] + sum);
        }
    }
}

template <bool BF16> void mma(FragmentC &c, const FragmentA &a, const FragmentB &b) {
    WarpTile mine{a, b, c};
    warp_collective<WarpTile>("mma", mine, multiply_tiles<BF16>);
    c = mine.c;
}
} // namespace emulation
#endif

/* c += a b for a warp: 16 x 8 times 8 x 8 numbers of TF32, one a word. */
__device__ __forceinline__ void mma_tf32(FragmentC &c, const FragmentA &a, const FragmentB &b) {
#ifdef EARSHOT_EMULATION
    emulation::mma<false>(c, a, b);
#elif __CUDA_ARCH__ >= 800
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c.v[0]), "+f"(c.v[1]), "+f"(c.v[2]), "+f"(c.v[3])
        : "r"(a.word[0]), "r"(a.word[1]), "r"(a.word[2]), "r"(a.word[3]), "r"(b.word[0]), "r"(b.word[1]));
#endif
}

/* c += a b for a warp: 16 x 16 times 16 x 8 numbers of bfloat16, two a word. */
__device__ __forceinline__ void mma_bf16(FragmentC &c, const FragmentA &a, const FragmentB &b) {
#ifdef EARSHOT_EMULATION
    emulation::mma<true>(c, a, b);
#elif __CUDA_ARCH__ >= 800
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c.v[0]), "+f"(c.v[1]), "+f"(c.v[2]), "+f"(c.v[3])
        : "r"(a.word[0]), "r"(a.word[1]), "r"(a.word[2]), "r"(a.word[3]), "r"(b.word[0]), "r"(b.word[1]));
#endif
}

} // namespace earshot
