/*
 * Idea: a recording of 16 bits is floats on a grid of 2^-15 by the time it comes here. Adding 384, whose unit in the
 * last place is 2^-15, leaves a sample's number in the last bits of the sum, and taking 384 away again shows whether
 * anything was lost. So the host writes two bytes for each value instead of four, and the bus carries two. The kernel
 * reads the samples from the host's memory itself, 16 bytes a thread and 512 a warp, while the kernel in front of it
 * still runs: there is no copy in between. Other values show at once: nearly none of them lies on the grid.
 *
 * What binds is the host's writing: of the 1.76 MB of ten seconds 88 us on an H200's host, by one thread and past the
 * caches; the bus takes 63 (28 GB/s, by what kernels.txt has of uploads). Of samples 36 us where floats take 65, on an
 * EPYC with AVX2; on the H200's host 45 to 50 are predicted, not measured.
 */
#include "pcm16.h"

#include <algorithm>
#include <cstring>

#include "vectors.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace earshot {

namespace {

/* Its unit in the last place is a sample's. */
constexpr float GRID = 384.0F;
constexpr std::uint32_t GRID_BITS = 0x43C00000;
constexpr float UNIT = 0x1p-15F;
/* What is added to a sample's number, so that numbers begin at 0. */
constexpr std::uint32_t LEAST = 1U << 15;
/* Values after which it is seen whether one of them is no sample. */
constexpr std::int64_t STEP = 256;

constexpr int THREADS = 256;
/* Values of a thread, which are 16 bytes of the host's memory. */
constexpr int OWN = 8;

#ifdef __x86_64__

/* The number of a sample, and in `lost` a bit if the value is none. */
std::uint32_t code_of(float value, std::uint32_t &lost) {
    const auto bits_of = [](float of) {
        std::uint32_t bits = 0;
        std::memcpy(&bits, &of, sizeof bits);
        return bits;
    };
    const float on_grid = value + GRID;
    const std::uint32_t code = bits_of(on_grid) - (GRID_BITS - LEAST);
    lost |= (bits_of(on_grid - GRID) ^ bits_of(value)) | code >> 16;
    return code;
}

/* The same of eight; of `codes` what is above 16 bits has to be 0. */
__attribute__((target("avx2"))) inline __m256i codes_of(__m256 values, __m256i &lost, __m256i &codes) {
    const __m256 grid = _mm256_set1_ps(GRID);
    const __m256 on_grid = _mm256_add_ps(values, grid);
    const __m256i own = _mm256_sub_epi32(_mm256_castps_si256(on_grid), _mm256_set1_epi32(GRID_BITS - LEAST));
    lost = _mm256_or_si256(lost, _mm256_castps_si256(_mm256_xor_ps(_mm256_sub_ps(on_grid, grid), values)));
    codes = _mm256_or_si256(codes, own);
    return own;
}

/* To a multiple of 32 bytes. Written past the caches while the next are computed: one behind the other takes twice as
   long. */
__attribute__((target("avx2"))) bool narrow(const float *values, std::int64_t count, std::uint16_t *to) {
    __m256i lost = _mm256_setzero_si256();
    __m256i codes = _mm256_setzero_si256();
    std::int64_t i = 0;
    for (; i + STEP <= count; i += STEP) {
        for (std::int64_t k = i; k < i + STEP; k += 16) {
            const __m256i first = codes_of(_mm256_loadu_ps(values + k), lost, codes);
            const __m256i second = codes_of(_mm256_loadu_ps(values + k + 8), lost, codes);
            /* Packed by halves: the quarters in their order. */
            const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(first, second), 0xD8);
            _mm256_stream_si256(reinterpret_cast<__m256i *>(to + k), packed);
        }
        const __m256i wrong = _mm256_or_si256(lost, _mm256_srli_epi32(codes, 16));
        if (_mm256_testz_si256(wrong, wrong) == 0) {
            return false;
        }
    }
    std::uint32_t wrong = 0;
    for (; i < count; ++i) {
        to[i] = static_cast<std::uint16_t>(code_of(values[i], wrong));
    }
    return wrong == 0;
}

#endif

__global__ void __launch_bounds__(THREADS)
    widen_kernel(Span<const std::uint32_t> codes, Span<float> values, std::int64_t count, bool fours) {
    const std::int64_t first = (static_cast<std::int64_t>(blockIdx.x) * THREADS + threadIdx.x) * OWN;
    Vector<std::uint32_t, 4> pairs = {};
    if (first < count) {
        pairs = codes.load4(first / 2);
    }
    begin_kernel();
    float own[OWN];
#pragma unroll
    for (int i = 0; i < OWN; ++i) {
        const std::uint32_t code = i % 2 == 0 ? pairs.v[i / 2] & 0xFFFFU : pairs.v[i / 2] >> 16;
        own[i] = static_cast<float>(static_cast<std::int32_t>(code - LEAST)) * UNIT;
    }
    if (fours && first + OWN <= count) {
        values.store4(first, {{own[0], own[1], own[2], own[3]}});
        values.store4(first + 4, {{own[4], own[5], own[6], own[7]}});
        return;
    }
#pragma unroll
    for (int i = 0; i < OWN; ++i) {
        if (first + i < count) {
            values[first + i] = own[i];
        }
    }
}

} // namespace

void copy_past_caches(float *to, const float *from, std::int64_t count) {
#ifdef __x86_64__
    constexpr std::int64_t VECTOR = 4;
    while (count > 0 && reinterpret_cast<std::uintptr_t>(to) % (VECTOR * sizeof(float)) != 0) {
        *to++ = *from++;
        --count;
    }
    for (; count >= VECTOR; count -= VECTOR) {
        _mm_stream_ps(to, _mm_loadu_ps(from));
        to += VECTOR;
        from += VECTOR;
    }
    /* Whoever is told afterwards to read this, the device too, finds it. */
    _mm_sfence();
#endif
    std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(float));
}

bool can_narrow_to_pcm16() {
#ifdef __x86_64__
    return __builtin_cpu_supports("avx2") != 0;
#else
    return false;
#endif
}

bool narrow_to_pcm16([[maybe_unused]] const float *values, [[maybe_unused]] std::int64_t count,
                     [[maybe_unused]] void *codes) {
    bool all = false;
#ifdef __x86_64__
    if (can_narrow_to_pcm16()) {
        all = narrow(values, count, static_cast<std::uint16_t *>(codes));
        _mm_sfence();
    }
#endif
    return all;
}

cudaError_t enqueue_widening(const void *codes, std::int64_t count, const Span<float> &values, cudaStream_t stream) {
    if (count == 0) {
        return cudaSuccess;
    }
    /* Whole groups of a thread's. Written before anything that reads them is enqueued: constant. */
    const Span<const std::uint32_t> pairs(static_cast<const std::uint32_t *>(codes), divide_up(count, OWN) * OWN / 2,
                                          true);
    const auto blocks = static_cast<unsigned>(divide_up(count, std::int64_t{THREADS} * OWN));
    return launch("widen", widen_kernel, dim3(blocks), dim3(THREADS), 0, stream, pairs, values, count,
                  in_fours(OWN, {values.data()}));
}

} // namespace earshot
