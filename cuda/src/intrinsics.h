/*
 * Instructions that C++ has no name for, each with the plain twin that emulation runs. The fragments of mma.sync are
 * laid out as the PTX manual says ("Matrix Fragments for mma.m16n8k8" and "m16n8k16"): in emulation the product is
 * computed from all lanes' registers by that layout, so a kernel that loads a fragment wrongly is found out.
 */
#pragma once

#include <cmath>
#include <cstring>

#include "device.h"

#ifdef EARSHOT_EMULATION
#include "emulation/tensor_core.h"
#endif

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
__device__ __forceinline__ std::uint32_t bits_of(float x) {
    return __float_as_uint(x);
}
__device__ __forceinline__ float float_of(std::uint32_t bits) {
    return __uint_as_float(bits);
}
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
__device__ __forceinline__ float sigmoid(float x) {
    return fast_reciprocal(1.0F + fast_exp2(-LOG2_E * x));
}

/* x sigmoid(x). */
__device__ __forceinline__ float silu(float x) {
    return x * sigmoid(x);
}

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
 * Copies four words from global to shared memory past the registers, without waiting (cp.async, compute capability 8.0;
 * at once below that, and in emulation, which therefore does not see a missing wait).
 */
template <class T>
__device__ __forceinline__ void copy_async(const Shared<T> &to, int at, const Span<const T> &from, std::int64_t index) {
#if !defined(EARSHOT_EMULATION) && __CUDA_ARCH__ >= 800
    const auto target = static_cast<std::uint32_t>(__cvta_generic_to_shared(&to[at]));
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(target), "l"(&from[index]) : "memory");
#else
    to.store4(at, from.load4(index));
#endif
}

/* N words (1, 2 or 4) likewise, or zeros in their place where `present` is false; `index` then only has to exist. */
template <int N>
__device__ __forceinline__ void copy_or_zero(const Shared<std::uint32_t> &to, int at,
                                             const Span<const std::uint32_t> &from, std::int64_t index, bool present) {
#if !defined(EARSHOT_EMULATION) && __CUDA_ARCH__ >= 800
    const auto target = static_cast<std::uint32_t>(__cvta_generic_to_shared(&to[at]));
    const int bytes = present ? 4 * N : 0;
    if constexpr (N == 4) {
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(target), "l"(&from[index]), "r"(bytes)
                     : "memory");
    } else {
        asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(target), "l"(&from[index]), "n"(4 * N),
                     "r"(bytes)
                     : "memory");
    }
#else
    to.store<N>(at, present ? from.load<N>(index) : Vector<std::uint32_t, N>{});
#endif
}

/*
 * Four floats of global memory, or zeros where `present` is false; `index` then does not have to exist. Without a
 * branch, so that several loads are under way at once. Volatile: not to be moved before begin_kernel().
 */
__device__ __forceinline__ Float4 load_or_zero(const Span<const float> &from, std::int64_t index, bool present) {
#if !defined(EARSHOT_EMULATION) && defined(__CUDA_ARCH__)
    Float4 y;
    asm volatile("{\n.reg .pred p;\nsetp.ne.u32 p, %5, 0;\n"
                 "mov.f32 %0, 0f00000000;\nmov.f32 %1, 0f00000000;\nmov.f32 %2, 0f00000000;\nmov.f32 %3, 0f00000000;\n"
                 "@p ld.global.v4.f32 {%0, %1, %2, %3}, [%4];\n}"
                 : "=f"(y.v[0]), "=f"(y.v[1]), "=f"(y.v[2]), "=f"(y.v[3])
                 : "l"(from.data() + index), "r"(static_cast<std::uint32_t>(present)));
    return y;
#else
    return present ? from.load4(index) : Float4{};
#endif
}

/* One float likewise. */
__device__ __forceinline__ float load_one_or_zero(const Span<const float> &from, std::int64_t index, bool present) {
#if !defined(EARSHOT_EMULATION) && defined(__CUDA_ARCH__)
    float y;
    asm volatile("{\n.reg .pred p;\nsetp.ne.u32 p, %2, 0;\nmov.f32 %0, 0f00000000;\n@p ld.global.f32 %0, [%1];\n}"
                 : "=f"(y)
                 : "l"(from.data() + index), "r"(static_cast<std::uint32_t>(present)));
    return y;
#else
    return present ? from[index] : 0.0F;
#endif
}

/* A thread's number in its warp, for blocks of one dimension: of the register that has it, from which it can be had again
   at no cost where registers are scarce. */
__device__ __forceinline__ int lane_number() {
#if defined(EARSHOT_EMULATION) || !defined(__CUDA_ARCH__)
    return static_cast<int>(threadIdx.x) % 32;
#else
    int lane;
    asm("mov.u32 %0, %%laneid;" : "=r"(lane));
    return lane;
#endif
}

/* x, of which the compiler does not know that it is the same elsewhere: what is computed from it is computed here, where
   registers are scarce, and not kept from before in one, or in memory. */
__device__ __forceinline__ int found_here(int x) {
#if !defined(EARSHOT_EMULATION) && defined(__CUDA_ARCH__)
    asm volatile("" : "+r"(x));
#endif
    return x;
}

/*
 * `first` where the bits of `which` are all set, `second` where none is, by one instruction. Of conditional operators on
 * what a lane is, a compiler makes branches where there are many; and a shuffle behind a branch at which a warp parted
 * brings its lanes together one shuffle at a time, hundreds of cycles each.
 */
__device__ __forceinline__ std::uint32_t choose(std::uint32_t which, std::uint32_t first, std::uint32_t second) {
#if !defined(EARSHOT_EMULATION) && defined(__CUDA_ARCH__)
    constexpr int FIRST_WHERE_SET = 0xCA;
    std::uint32_t y;
    asm("lop3.b32 %0, %1, %2, %3, %4;" : "=r"(y) : "r"(which), "r"(first), "r"(second), "n"(FIRST_WHERE_SET));
    return y;
#else
    return (which & first) | (~which & second);
#endif
}

/* As __syncthreads() for a part of the block: so many of its threads, whole warps that always meet here. Number 1 to
   15. */
__device__ __forceinline__ void sync_part(int number, int threads) {
#ifdef EARSHOT_EMULATION
    emulation::part_barrier(number, threads);
#elif defined(__CUDA_ARCH__)
    asm volatile("bar.sync %0, %1;" ::"r"(number), "r"(threads) : "memory");
#endif
}

/* The block's barrier, for warps that come to it from different places, which __syncthreads() does not allow (synccheck
   says so). Takes number 1. */
__device__ __forceinline__ void meet() {
    sync_part(1, static_cast<int>(blockDim.x));
}

/* a b + c in one instruction. (A compiler that widens a factor ahead of a loop needs four in it.) */
__device__ __forceinline__ std::int64_t multiply_wide(std::int32_t a, std::int32_t b, std::int64_t c) {
#ifdef EARSHOT_EMULATION
    return static_cast<std::int64_t>(a) * b + c;
#else
    std::int64_t y;
    asm("mad.wide.s32 %0, %1, %2, %3;" : "=l"(y) : "r"(a), "r"(b), "l"(c));
    return y;
#endif
}

/*
 * Four words to global memory where `wanted` is true, at number `at` of row `row`; the place otherwise does not have to
 * exist. Without a branch, which would part what is computed before from what comes behind, and with an address that is
 * one instruction a row. For what the kernel itself does not read.
 */
__device__ __forceinline__ void store_if(const Span<std::uint32_t> &to, std::int32_t row, std::int32_t row_words,
                                         std::int64_t at, const Vector<std::uint32_t, 4> &value, bool wanted) {
#if !defined(EARSHOT_EMULATION) && defined(__CUDA_ARCH__)
    asm volatile("{\n.reg .pred p;\n.reg .b64 a;\nsetp.ne.u32 p, %7, 0;\nmad.wide.s32 a, %5, %6, %4;\n"
                 "@p st.global.L1::no_allocate.v4.b32 [a], {%0, %1, %2, %3};\n}" ::"r"(value.v[0]),
                 "r"(value.v[1]), "r"(value.v[2]), "r"(value.v[3]), "l"(to.data() + at), "r"(row),
                 "r"(row_words * static_cast<std::int32_t>(sizeof(std::uint32_t))),
                 "r"(static_cast<std::uint32_t>(wanted)));
#else
    if (wanted) {
        to.store4(multiply_wide(row, row_words, at), value);
    }
#endif
}

/*
 * Four words of memory that nothing writes while the kernel runs, loaded where this stands: the compiler does not put
 * it off until the words are needed.
 */
__device__ __forceinline__ Vector<std::uint32_t, 4> load_ahead(const Span<const std::uint32_t> &from,
                                                               std::int64_t index) {
#if !defined(EARSHOT_EMULATION) && defined(__CUDA_ARCH__)
    Vector<std::uint32_t, 4> y;
    asm volatile("ld.global.nc.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(y.v[0]), "=r"(y.v[1]), "=r"(y.v[2]), "=r"(y.v[3])
                 : "l"(from.data() + index));
    return y;
#else
    return from.load4(index);
#endif
}

/* Four numbers, of which `present` exist; zeros for the others. In fours, either all exist or none. */
__device__ __forceinline__ Float4 read_four(const Span<const float> &from, std::int64_t at, int present, bool fours) {
    if (fours) {
        return load_or_zero(from, at, present > 0);
    }
    Float4 x = {};
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        if (i < present) {
            x.v[i] = from[at + i];
        }
    }
    return x;
}

/* Ends a group of copies. */
__device__ __forceinline__ void commit_copies() {
#if !defined(EARSHOT_EMULATION) && __CUDA_ARCH__ >= 800
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/* Waits for all groups of copies that this thread began but the latest `under_way`. */
template <int UNDER_WAY>
__device__ __forceinline__ void wait_for_groups() {
#if !defined(EARSHOT_EMULATION) && __CUDA_ARCH__ >= 800
    asm volatile("cp.async.wait_group %0;" ::"n"(UNDER_WAY) : "memory");
#endif
}

/* Waits for all copies that this thread began; the block's other threads see them after the next barrier. */
__device__ __forceinline__ void wait_for_copies() {
#if !defined(EARSHOT_EMULATION) && __CUDA_ARCH__ >= 800
    asm volatile("cp.async.wait_all;" ::: "memory");
#endif
}

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

/*
 * What each lane of a warp holds, for the others to read: a shuffle for each number that is read. The emulation, which
 * would have to run all lanes in turn for each, hands over everything at once.
 */
template <class T>
class Lanes {
  public:
    __device__ __forceinline__ explicit Lanes(const T &mine) : mine_(mine) {
#ifdef EARSHOT_EMULATION
        emulation::warp_exchange(mine, all_);
#endif
    }

    /* number(what lane `source` holds); every lane must ask for the same number, of any source. */
    template <class Number>
    __device__ __forceinline__ float read(int source, const Number &number) const {
#ifdef EARSHOT_EMULATION
        return number(all_[source]);
#else
        return __shfl_sync(0xFFFFFFFFU, number(mine_), source);
#endif
    }

  private:
    const T &mine_;
#ifdef EARSHOT_EMULATION
    T all_[32];
#endif
};

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
