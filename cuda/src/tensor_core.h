/*
 * What tensor cores multiply: words of TF32, bfloat16 and half precision, and fragments of them. Those of mma.sync are
 * laid out as the PTX manual says ("Matrix Fragments for mma.m16n8k8" and "m16n8k16"): in emulation the product is
 * computed from all lanes' registers by that layout, so a kernel that loads a fragment wrongly is found out.
 */
#pragma once

#include <cstring>

#include "intrinsics.h"

#ifdef EARSHOT_EMULATION
#include "emulation/tensor_core.h"
#endif

namespace earshot {

/* Bits of a word of TF32 that tensor cores do not read. */
constexpr std::uint32_t TF32_UNREAD = 0x1FFFU;

/*
 * x rounded to the 10 explicit bits of TF32, ties away from zero, in a word whose other bits are whatever they are:
 * one addition, where cvt.rna.tf32 takes four instructions to clear them. Infinity and NaN stay what they are.
 */
__device__ __forceinline__ std::uint32_t to_tf32(float x) {
    return bits_of(x) + (TF32_UNREAD + 1) / 2;
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

/* The two numbers of a word of bfloat16. */
__device__ __forceinline__ Float2 unpack_bf16(std::uint32_t word) {
    return {{float_of(word << 16U), float_of(word & 0xFFFF0000U)}};
}

/* x rounded to half precision, ties to even; beyond 65504 infinity. */
__host__ __device__ inline std::uint32_t half_bits(float x) {
    std::uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const std::uint32_t sign = bits >> 16U & 0x8000U;
    const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
    if (magnitude > 0x7F800000U) {
        return sign | 0x7FFFU;
    }
    if (magnitude >= 0x477FF000U) {
        return sign | 0x7C00U;
    }
    if (magnitude < 0x38800000U) {
        /* Below 2^-14: in units of 2^-24, which adding 2^-1 brings to the end of the fraction. */
        float shifted;
        memcpy(&shifted, &magnitude, sizeof shifted);
        shifted += 0.5F;
        memcpy(&bits, &shifted, sizeof bits);
        return sign | (bits - 0x3F000000U);
    }
    return sign | ((magnitude - 0x38000000U + 0xFFFU + (magnitude >> 13U & 1U)) >> 13U);
}

/* The number that half precision's bits stand for. */
__host__ __device__ inline float float_of_half(std::uint32_t half) {
    const std::uint32_t sign = (half & 0x8000U) << 16U;
    const std::uint32_t magnitude = half & 0x7FFFU;
    std::uint32_t bits;
    float x;
    if (magnitude >= 0x7C00U) {
        bits = sign | 0x7F800000U | (magnitude & 0x3FFU) << 13U;
    } else if (magnitude >= 0x400U) {
        bits = sign | ((magnitude << 13U) + 0x38000000U);
    } else {
        x = static_cast<float>(magnitude) * 0x1p-24F;
        memcpy(&bits, &x, sizeof bits);
        bits |= sign;
    }
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Two floats rounded to half precision, the first in the lower half. */
__device__ __forceinline__ std::uint32_t pack_half(float low, float high) {
#if defined(EARSHOT_EMULATION) || __CUDA_ARCH__ < 800
    return half_bits(low) | half_bits(high) << 16U;
#else
    std::uint32_t y;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(y) : "f"(high), "f"(low));
    return y;
#endif
}

/* The two numbers of a word of half precision. */
__device__ __forceinline__ Float2 unpack_half(std::uint32_t word) {
#if defined(EARSHOT_EMULATION) || __CUDA_ARCH__ < 800
    return {{float_of_half(word & 0xFFFFU), float_of_half(word >> 16U)}};
#else
    Float2 y;
    asm("{.reg .b16 l, h; mov.b32 {l, h}, %2; cvt.f32.f16 %0, l; cvt.f32.f16 %1, h;}"
        : "=f"(y.v[0]), "=f"(y.v[1])
        : "r"(word));
    return y;
#endif
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

/* What a word of a factor holds. */
enum class Word { TF32, BF16, HALF };

#ifdef EARSHOT_EMULATION
namespace emulation {
/* A lane's share of a product. */
struct WarpTile {
    FragmentA a;
    FragmentB b;
    FragmentC c;
};

/* The numbers in a word: one of TF32 (whose low 13 bits the hardware does not read), or two of 16 bits. */
template <Word W>
void unpack(std::uint32_t word, float *numbers) {
    if constexpr (W == Word::BF16) {
        numbers[0] = float_of(word << 16U);
        numbers[1] = float_of(word & 0xFFFF0000U);
    } else if constexpr (W == Word::HALF) {
        numbers[0] = float_of_half(word & 0xFFFFU);
        numbers[1] = float_of_half(word >> 16U);
    } else {
        numbers[0] = float_of(word & ~TF32_UNREAD);
    }
}

template <Word W>
void multiply_tiles(WarpTile *const (&lanes)[32]) {
    constexpr unsigned EACH = W == Word::TF32 ? 1 : 2;
    constexpr unsigned DEPTH = 8 * EACH;
    float a[16][DEPTH];
    float b[DEPTH][TENSOR_CORE_COLUMNS];
    for (unsigned lane = 0; lane < 32; ++lane) {
        for (unsigned i = 0; i < 4; ++i) {
            unpack<W>(lanes[lane]->a.word[i], &a[lane / 4 + i % 2 * 8][(lane % 4 + i / 2 * 4) * EACH]);
        }
        for (unsigned i = 0; i < 2; ++i) {
            float numbers[EACH];
            unpack<W>(lanes[lane]->b.word[i], numbers);
            for (unsigned n = 0; n < EACH; ++n) {
                b[(lane % 4 + i * 4) * EACH + n][lane / 4] = numbers[n];
            }
        }
    }
    for (unsigned row = 0; row < 16; ++row) {
        float *sums[TENSOR_CORE_COLUMNS];
        for (unsigned column = 0; column < TENSOR_CORE_COLUMNS; ++column) {
            sums[column] = &lanes[row % 8 * 4 + column / 2]->c.v[row / 8 * 2 + column % 2];
        }
        tensor_core_sums(sums, a[row], b);
    }
}

template <Word W>
void mma(FragmentC &c, const FragmentA &a, const FragmentB &b) {
    WarpTile mine{a, b, c};
    warp_collective<WarpTile>("mma", mine, multiply_tiles<W>);
    c = mine.c;
}
} // namespace emulation
#endif

/* c += a b for a warp: 16 x 8 times 8 x 8 numbers of TF32, one a word; 16 x 16 times 16 x 8 of 16 bits, two a word. */
template <Word W>
__device__ __forceinline__ void mma(FragmentC &c, const FragmentA &a, const FragmentB &b) {
#ifdef EARSHOT_EMULATION
    emulation::mma<W>(c, a, b);
#elif __CUDA_ARCH__ >= 800
    if constexpr (W == Word::TF32) {
        asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
            : "+f"(c.v[0]), "+f"(c.v[1]), "+f"(c.v[2]), "+f"(c.v[3])
            : "r"(a.word[0]), "r"(a.word[1]), "r"(a.word[2]), "r"(a.word[3]), "r"(b.word[0]), "r"(b.word[1]));
    } else if constexpr (W == Word::BF16) {
        asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
            : "+f"(c.v[0]), "+f"(c.v[1]), "+f"(c.v[2]), "+f"(c.v[3])
            : "r"(a.word[0]), "r"(a.word[1]), "r"(a.word[2]), "r"(a.word[3]), "r"(b.word[0]), "r"(b.word[1]));
    } else {
        asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
            : "+f"(c.v[0]), "+f"(c.v[1]), "+f"(c.v[2]), "+f"(c.v[3])
            : "r"(a.word[0]), "r"(a.word[1]), "r"(a.word[2]), "r"(a.word[3]), "r"(b.word[0]), "r"(b.word[1]));
    }
#endif
}

/*
 * Loads a fragment of A: four 8 x 4-word tiles (ldmatrix). Lane l names, by `at`, where 4 words of a row begin: lanes 0
 * to 15 of rows 0 to 15, lanes 16 to 31 the 4 words behind them; a multiple of 4.
 */
__device__ __forceinline__ FragmentA load_fragment(const Shared<std::uint32_t> &words, int at) {
    FragmentA a;
#ifdef EARSHOT_EMULATION
    const int lane = static_cast<int>(threadIdx.x) % 32;
    int rows[32];
    emulation::warp_exchange(at, rows);
    for (int i = 0; i < 4; ++i) {
        a.word[i] = words[rows[i * 8 + lane / 4] + lane % 4];
    }
#else
    const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(&words[at]));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(a.word[0]), "=r"(a.word[1]), "=r"(a.word[2]), "=r"(a.word[3])
                 : "r"(address)
                 : "memory");
#endif
    return a;
}

} // namespace earshot
