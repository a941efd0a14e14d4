/* Arithmetic functions of CUDA by their plain twins. Fast approximations (__expf and the like) are exact to rounding
   here: what they cost in accuracy shows on a device only. Names that the C library declares too, in some versions
   without defining them, have C linkage and the C library's exception specification. */
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace earshot::emulation {

template <class To, class From> To bits_as(From from) {
    static_assert(sizeof(To) == sizeof(From), "the same bits");
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
}

} // namespace earshot::emulation

extern "C" {
inline float rsqrtf(float x) noexcept { return 1.0F / sqrtf(x); }
inline double rsqrt(double x) noexcept { return 1.0 / sqrt(x); }
inline float __expf(float x) noexcept { return expf(x); }
inline float __exp10f(float x) noexcept { return powf(10.0F, x); }
inline float __logf(float x) noexcept { return logf(x); }
inline float __log2f(float x) noexcept { return log2f(x); }
inline float __log10f(float x) noexcept { return log10f(x); }
inline float __powf(float x, float y) noexcept { return powf(x, y); }
inline float __sinf(float x) noexcept { return sinf(x); }
inline float __cosf(float x) noexcept { return cosf(x); }
inline float __tanf(float x) noexcept { return tanf(x); }
inline void __sincosf(float x, float *sine, float *cosine) noexcept {
    *sine = sinf(x);
    *cosine = cosf(x);
}
}

inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __frcp_rn(float a) { return 1.0F / a; }
inline float __fsqrt_rn(float a) { return sqrtf(a); }
inline float __frsqrt_rn(float a) { return 1.0F / sqrtf(a); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __saturatef(float a) { return a > 0 ? (a < 1 ? a : 1.0F) : 0.0F; } // NaN becomes 0, as on the device

inline unsigned __float_as_uint(float x) { return earshot::emulation::bits_as<unsigned>(x); }
inline int __float_as_int(float x) { return earshot::emulation::bits_as<int>(x); }
inline float __uint_as_float(unsigned x) { return earshot::emulation::bits_as<float>(x); }
inline float __int_as_float(int x) { return earshot::emulation::bits_as<float>(x); }
inline long long __double_as_longlong(double x) { return earshot::emulation::bits_as<long long>(x); }
inline double __longlong_as_double(long long x) { return earshot::emulation::bits_as<double>(x); }

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline unsigned __brev(unsigned x) {
    unsigned reversed = 0;
    for (int bit = 0; bit < 32; ++bit) {
        reversed |= (x >> bit & 1U) << (31 - bit);
    }
    return reversed;
}
inline unsigned __umulhi(unsigned a, unsigned b) {
    return static_cast<unsigned>(static_cast<std::uint64_t>(a) * b >> 32U);
}

template <class T> T __ldg(const T *address) { return *address; }
template <class T> T __ldcs(const T *address) { return *address; }
template <class T> T __ldcg(const T *address) { return *address; }
template <class T> void __stcs(T *address, T value) { *address = value; }
template <class T> void __stcg(T *address, T value) { *address = value; }

/* CUDA's own overloads, with its rules for mixed types: unsigned wins over signed, the wider type over the narrower. A
   NaN loses against a number. */
#define EARSHOT_EMULATION_MIN_MAX(Result, A, B)                                                                        \
    inline Result min(A a, B b) {                                                                                      \
        const Result x = static_cast<Result>(a), y = static_cast<Result>(b);                                           \
        return x < y ? x : y;                                                                                          \
    }                                                                                                                  \
    inline Result max(A a, B b) {                                                                                      \
        const Result x = static_cast<Result>(a), y = static_cast<Result>(b);                                           \
        return x > y ? x : y;                                                                                          \
    }
EARSHOT_EMULATION_MIN_MAX(int, int, int)
EARSHOT_EMULATION_MIN_MAX(unsigned, unsigned, unsigned)
EARSHOT_EMULATION_MIN_MAX(unsigned, int, unsigned)
EARSHOT_EMULATION_MIN_MAX(unsigned, unsigned, int)
EARSHOT_EMULATION_MIN_MAX(long, long, long)
EARSHOT_EMULATION_MIN_MAX(unsigned long, unsigned long, unsigned long)
EARSHOT_EMULATION_MIN_MAX(unsigned long, long, unsigned long)
EARSHOT_EMULATION_MIN_MAX(unsigned long, unsigned long, long)
EARSHOT_EMULATION_MIN_MAX(long long, long long, long long)
EARSHOT_EMULATION_MIN_MAX(unsigned long long, unsigned long long, unsigned long long)
EARSHOT_EMULATION_MIN_MAX(unsigned long long, long long, unsigned long long)
EARSHOT_EMULATION_MIN_MAX(unsigned long long, unsigned long long, long long)
#undef EARSHOT_EMULATION_MIN_MAX

inline float min(float a, float b) { return fminf(a, b); }
inline double min(double a, double b) { return fmin(a, b); }
inline double min(float a, double b) { return fmin(static_cast<double>(a), b); }
inline double min(double a, float b) { return fmin(a, static_cast<double>(b)); }
inline float max(float a, float b) { return fmaxf(a, b); }
inline double max(double a, double b) { return fmax(a, b); }
inline double max(float a, double b) { return fmax(static_cast<double>(a), b); }
inline double max(double a, float b) { return fmax(a, static_cast<double>(b)); }
