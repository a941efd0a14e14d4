/*
 * Instructions that C++ has no name for, each with the plain twin that emulation runs; those of tensor cores are in
 * tensor_core.h.
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

} // namespace earshot
