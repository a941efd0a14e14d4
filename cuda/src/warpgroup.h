/*
 * What compute capability 9.0a has beside mma.sync, each with the plain twin that emulation runs: products of four
 * warps together (wgmma), barriers in shared memory that copies arrive at (mbarrier), and copies of whole runs by the
 * copy engine (cp.async.bulk).
 *
 * wgmma: D [64 rows, 64 columns] += A [64, 16] B [16, 64] of 16-bit numbers, or of TF32 with a depth of 8. Warp w of
 * the four has rows 16 w to 16 w + 15 of A and D in its registers, in fragments as those of mma.m16n8; B lies in shared
 * memory, its columns in groups of 8: a group's 8 numbers (of TF32 4) of each of its 8 columns are 128 bytes in a row,
 * 16 for a column, which is where two distances lead on from: to the other 8 numbers, and to the next 8 columns. As a
 * column may begin at every 16 bytes, a convolution's tap is nothing but another beginning.
 *
 * wgmma reads its registers and shared memory after the instruction has been issued, and nothing may touch what it
 * reads or adds to before the wait: registers that are loaded ahead need names of their own (an unrolled loop), or the
 * compiler makes the instructions wait for each other, and says so (ptxas, "wgmma.mma_async instructions are
 * serialized").
 */
#pragma once

#include <string>

#include "tensor_core.h"

namespace earshot {

/* Whether this code is compiled for a device that has all this: kernels that use it are empty elsewhere. */
#if defined(EARSHOT_EMULATION) || defined(__CUDA_ARCH_FEAT_SM90_ALL)
constexpr bool WARPGROUPS_COMPILED = true;
#else
constexpr bool WARPGROUPS_COMPILED = false;
#endif

constexpr int WARPGROUP_THREADS = 128;
constexpr int WARPGROUP_ROWS = 64;
constexpr int WARPGROUP_COLUMNS = 64;

/* A thread's share of D: v[4 j + 2 h + i] is row lane / 4 + 8 h of its warp's 16, column 8 j + lane % 4 * 2 + i. */
struct WarpgroupSums {
    float v[32] = {};
};

/* Where a B begins in shared memory, and its two distances: the two halves of wgmma's descriptor. */
struct WarpgroupFactor {
    std::uint32_t place;
    std::uint32_t distance;

    /* 16 * `units` bytes behind this one. */
    __device__ __forceinline__ WarpgroupFactor behind(int units) const {
        return {place + static_cast<std::uint32_t>(units), distance};
    }
};

constexpr int FACTOR_UNIT = 16;

/* A B that begins at byte `at` of the block's shared memory, distances in bytes; all are multiples of 16. */
__device__ __forceinline__ WarpgroupFactor warpgroup_factor(int at, int other_numbers, int next_columns) {
#ifdef EARSHOT_EMULATION
    const auto address = static_cast<std::uint32_t>(at);
#else
    const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(earshot_shared_memory + at));
#endif
    constexpr std::uint32_t MOST = 0x3FFFF;
    return {(address & MOST) / FACTOR_UNIT | static_cast<std::uint32_t>(other_numbers) / FACTOR_UNIT << 16U,
            static_cast<std::uint32_t>(next_columns) / FACTOR_UNIT};
}

#ifdef EARSHOT_EMULATION
namespace emulation {

/* A lane's share of a product; B is the same for all. */
struct WarpgroupProduct {
    FragmentA a;
    WarpgroupFactor b;
    WarpgroupSums sums;
};

template <Word W>
void multiply_warp_rows(WarpgroupProduct *const (&lanes)[32]) {
    constexpr unsigned EACH = W == Word::TF32 ? 1 : 2;
    constexpr unsigned DEPTH = 8 * EACH;
    constexpr unsigned UNITS = 0x3FFF;
    const WarpgroupFactor b = lanes[0]->b;
    float a[16][DEPTH];
    for (unsigned lane = 0; lane < 32; ++lane) {
        if (lanes[lane]->b.place != b.place || lanes[lane]->b.distance != b.distance) {
            fault("wgmma with another B in lane " + std::to_string(lane) + " than in lane 0");
        }
        for (unsigned i = 0; i < 4; ++i) {
            unpack<W>(lanes[lane]->a.word[i], &a[lane / 4 + i % 2 * 8][(lane % 4 + i / 2 * 4) * EACH]);
        }
    }
    const auto begin = std::size_t{b.place & UNITS} * FACTOR_UNIT;
    const auto other_numbers = std::size_t{b.place >> 16U & UNITS} * FACTOR_UNIT;
    const auto next_columns = std::size_t{b.distance & UNITS} * FACTOR_UNIT;
    const SharedBlock block = shared();
    for (unsigned group = 0; group < WARPGROUP_COLUMNS / TENSOR_CORE_COLUMNS; ++group) {
        float factor[DEPTH][TENSOR_CORE_COLUMNS];
        for (unsigned column = 0; column < TENSOR_CORE_COLUMNS; ++column) {
            for (unsigned half = 0; half < 2; ++half) {
                const std::size_t at =
                    begin + half * other_numbers + group * next_columns + std::size_t{column} * FACTOR_UNIT;
                check_range("B of wgmma in shared memory (bytes)", static_cast<std::int64_t>(at), FACTOR_UNIT,
                            static_cast<std::int64_t>(block.bytes));
                for (unsigned i = 0; i < 4; ++i) {
                    std::uint32_t word;
                    std::memcpy(&word, block.data + at + i * sizeof word, sizeof word);
                    float numbers[EACH];
                    unpack<W>(word, numbers);
                    for (unsigned n = 0; n < EACH; ++n) {
                        factor[(half * 4 + i) * EACH + n][column] = numbers[n];
                    }
                }
            }
        }
        for (unsigned row = 0; row < 16; ++row) {
            float *sums[TENSOR_CORE_COLUMNS];
            for (unsigned column = 0; column < TENSOR_CORE_COLUMNS; ++column) {
                sums[column] = &lanes[row % 8 * 4 + column / 2]->sums.v[group * 4 + row / 8 * 2 + column % 2];
            }
            tensor_core_sums(sums, a[row], factor);
        }
    }
}

/* A barrier's state, in the 8 bytes that it has on a device. */
struct BarrierWord {
    std::uint8_t made; /* MADE, or it was never initialised */
    std::uint8_t phase;
    std::uint8_t arrivals;
    std::uint8_t missing;
    std::int32_t bytes; /* expected, less those that have come */

    static constexpr std::uint8_t MADE = 0xB5;
};
static_assert(sizeof(BarrierWord) == sizeof(std::uint64_t));

inline BarrierWord barrier_word(const std::uint64_t &barrier) {
    BarrierWord word;
    std::memcpy(&word, &barrier, sizeof word);
    if (word.made != BarrierWord::MADE) {
        fault("a barrier in shared memory that was not initialised");
    }
    return word;
}

/* Notes arrivals and bytes, and begins the next phase when nothing is missing any more. */
inline void barrier_changes(std::uint64_t &barrier, int arrivals, int bytes) {
    BarrierWord word = barrier_word(barrier);
    if (word.missing < arrivals) {
        fault("more threads arrive at a barrier in shared memory than it waits for");
    }
    word.missing = static_cast<std::uint8_t>(word.missing - arrivals);
    word.bytes += bytes;
    const bool complete = word.missing == 0 && word.bytes == 0;
    if (complete) {
        word.phase ^= 1U;
        word.missing = word.arrivals;
    }
    std::memcpy(&barrier, &word, sizeof word);
    if (complete) {
        wake_waiting(&barrier);
    }
}

} // namespace emulation
#endif

/* Before the first product that reads registers or shared memory written by these threads (shared memory: see
   show_to_copies). */
__device__ __forceinline__ void begin_products() {
#if !defined(EARSHOT_EMULATION) && defined(__CUDA_ARCH_FEAT_SM90_ALL)
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
}

/* Ends a group of products. */
__device__ __forceinline__ void commit_products() {
#if !defined(EARSHOT_EMULATION) && defined(__CUDA_ARCH_FEAT_SM90_ALL)
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#endif
}

/* Waits for all groups of products but the latest `under_way`. */
template <int UNDER_WAY>
__device__ __forceinline__ void wait_for_products() {
#if !defined(EARSHOT_EMULATION) && defined(__CUDA_ARCH_FEAT_SM90_ALL)
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(UNDER_WAY) : "memory");
#endif
}

/* Keeps the compiler from moving what reads or writes sums past the fence or wait beside it: it does not know that a
   product changes them later. */
__device__ __forceinline__ void hold(WarpgroupSums &sums) {
#if !defined(EARSHOT_EMULATION) && defined(__CUDA_ARCH_FEAT_SM90_ALL)
#pragma unroll
    for (int i = 0; i < 32; ++i) {
        asm volatile("" : "+f"(sums.v[i])::"memory");
    }
#else
    static_cast<void>(sums);
#endif
}

/* sums = a b (FROM_ZERO) or sums += a b, for the four warps of a warpgroup. */
template <Word W, bool FROM_ZERO>
__device__ __forceinline__ void warpgroup_multiply(WarpgroupSums &sums, const FragmentA &a, const WarpgroupFactor &b) {
#ifdef EARSHOT_EMULATION
    emulation::WarpgroupProduct mine{a, b, FROM_ZERO ? WarpgroupSums{} : sums};
    emulation::warp_collective<emulation::WarpgroupProduct>("wgmma", mine, emulation::multiply_warp_rows<W>);
    sums = mine.sums;
#elif defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define EARSHOT_WGMMA(SHAPE, TYPE, ORDER)                                                                              \
    asm volatile("{\n.reg .b64 b;\nmov.b64 b, {%36, %37};\n"                                                           \
                 "wgmma.mma_async.sync.aligned." SHAPE ".f32." TYPE "." TYPE " "                                       \
                 "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,"                                             \
                 "%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31}, "                                  \
                 "{%32,%33,%34,%35}, b, %38, 1, 1" ORDER ";\n}"                                                        \
                 : "+f"(sums.v[0]), "+f"(sums.v[1]), "+f"(sums.v[2]), "+f"(sums.v[3]), "+f"(sums.v[4]),                \
                   "+f"(sums.v[5]), "+f"(sums.v[6]), "+f"(sums.v[7]), "+f"(sums.v[8]), "+f"(sums.v[9]),                \
                   "+f"(sums.v[10]), "+f"(sums.v[11]), "+f"(sums.v[12]), "+f"(sums.v[13]), "+f"(sums.v[14]),           \
                   "+f"(sums.v[15]), "+f"(sums.v[16]), "+f"(sums.v[17]), "+f"(sums.v[18]), "+f"(sums.v[19]),           \
                   "+f"(sums.v[20]), "+f"(sums.v[21]), "+f"(sums.v[22]), "+f"(sums.v[23]), "+f"(sums.v[24]),           \
                   "+f"(sums.v[25]), "+f"(sums.v[26]), "+f"(sums.v[27]), "+f"(sums.v[28]), "+f"(sums.v[29]),           \
                   "+f"(sums.v[30]), "+f"(sums.v[31])                                                                  \
                 : "r"(a.word[0]), "r"(a.word[1]), "r"(a.word[2]), "r"(a.word[3]), "r"(b.place), "r"(b.distance),      \
                   "n"(FROM_ZERO ? 0 : 1))
    if constexpr (W == Word::TF32) {
        EARSHOT_WGMMA("m64n64k8", "tf32", "");
    } else if constexpr (W == Word::HALF) {
        EARSHOT_WGMMA("m64n64k16", "f16", ", 0");
    } else {
        EARSHOT_WGMMA("m64n64k16", "bf16", ", 0");
    }
#undef EARSHOT_WGMMA
#endif
}

/* By one thread, before others use it: barrier `i` of `barriers` waits for so many threads each time. */
__device__ __forceinline__ void make_barrier(const Shared<std::uint64_t> &barriers, int i, int arrivals) {
#ifdef EARSHOT_EMULATION
    emulation::BarrierWord word = {};
    word.made = emulation::BarrierWord::MADE;
    word.arrivals = word.missing = static_cast<std::uint8_t>(arrivals);
    std::memcpy(&barriers[i], &word, sizeof word);
#elif defined(__CUDA_ARCH_FEAT_SM90_ALL)
    const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(&barriers[i]));
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(address), "r"(arrivals) : "memory");
#endif
}

/* What this thread has written to shared memory is seen by copy_run and warpgroup_multiply; for the block's other
   threads, behind the next barrier. */
__device__ __forceinline__ void show_to_copies() {
#if !defined(EARSHOT_EMULATION) && defined(__CUDA_ARCH_FEAT_SM90_ALL)
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
}

__device__ __forceinline__ void arrive(const Shared<std::uint64_t> &barriers, int i) {
#ifdef EARSHOT_EMULATION
    emulation::barrier_changes(barriers[i], 1, 0);
#elif defined(__CUDA_ARCH_FEAT_SM90_ALL)
    const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(&barriers[i]));
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(address) : "memory");
#endif
}

/* Arrives, and lets the barrier wait for so many bytes of copy_run besides. */
__device__ __forceinline__ void arrive_expecting(const Shared<std::uint64_t> &barriers, int i, int bytes) {
#ifdef EARSHOT_EMULATION
    emulation::barrier_changes(barriers[i], 0, bytes);
    emulation::barrier_changes(barriers[i], 1, 0);
#elif defined(__CUDA_ARCH_FEAT_SM90_ALL)
    const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(&barriers[i]));
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(address), "r"(bytes) : "memory");
#endif
}

/* Waits until the phase of this parity (0 for the first, 1 for the second, ...) is over. */
__device__ __forceinline__ void wait_for_phase(const Shared<std::uint64_t> &barriers, int i, int parity) {
#ifdef EARSHOT_EMULATION
    while (emulation::barrier_word(barriers[i]).phase == parity) {
        emulation::wait_at("mbarrier", &barriers[i]);
    }
#elif defined(__CUDA_ARCH_FEAT_SM90_ALL)
    const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(&barriers[i]));
    asm volatile(
        "{\n.reg .pred over;\n"
        "again:\nmbarrier.try_wait.parity.shared::cta.b64 over, [%0], %1;\n@!over bra again;\n}" ::"r"(address),
        "r"(parity)
        : "memory");
#endif
}

/* Begins to copy `words` (a multiple of 4, as both places are) from global to shared memory; the bytes arrive at
   barrier `i`. By one thread. */
__device__ __forceinline__ void copy_run(const Shared<std::uint32_t> &to, int at, const Span<const std::uint32_t> &from,
                                         std::int64_t first, int words, const Shared<std::uint64_t> &barriers, int i) {
#ifdef EARSHOT_EMULATION
    for (int word = 0; word < words; word += 4) {
        to.store4(at + word, from.load4(first + word));
    }
    emulation::barrier_changes(barriers[i], 0, -words * static_cast<int>(sizeof(std::uint32_t)));
#elif defined(__CUDA_ARCH_FEAT_SM90_ALL)
    const auto target = static_cast<std::uint32_t>(__cvta_generic_to_shared(&to[at]));
    const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(&barriers[i]));
    asm volatile(
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(target),
        "l"(from.data() + first), "r"(words * static_cast<int>(sizeof(std::uint32_t))), "r"(address)
        : "memory");
#endif
}

} // namespace earshot
