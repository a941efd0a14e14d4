#include "machine.h"

#include <dirent.h>

#include <cstdlib>
#include <thread>

#include "earshot_cpu.h"
#include "harness.h"
#include "instruction_sets.h"

namespace bench {

namespace {

/* Multiply-adds from registers alone: twelve independent chains of 512-bit (or 256-bit, or 128-bit) vectors. */
#if defined(__x86_64__)
#define CHAINS(op, r)                                                                                                  \
    op " %%" r "14, %%" r "15, %%" r "0\n" op " %%" r "14, %%" r "15, %%" r "1\n" op " %%" r "14, %%" r "15, %%" r     \
       "2\n" op " %%" r "14, %%" r "15, %%" r "3\n" op " %%" r "14, %%" r "15, %%" r "4\n" op " %%" r "14, %%" r       \
       "15, %%" r "5\n" op " %%" r "14, %%" r "15, %%" r "6\n" op " %%" r "14, %%" r "15, %%" r "7\n" op " %%" r       \
       "14, %%" r "15, %%" r "8\n" op " %%" r "14, %%" r "15, %%" r "9\n" op " %%" r "14, %%" r "15, %%" r "10\n" op   \
       " %%" r "14, %%" r "15, %%" r "11\n"
#define CLOBBERS                                                                                                       \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm14", "xmm15"

void chains(std::int32_t isa, int rounds) {
    for (int i = 0; i < rounds; ++i) {
        if (isa == EARSHOT_CPU_ISA_AVX512) {
            __asm__ volatile(CHAINS("vfmadd231ps", "zmm")::: CLOBBERS);
        } else if (isa == EARSHOT_CPU_ISA_AVX2) {
            __asm__ volatile(CHAINS("vfmadd231ps", "ymm")::: CLOBBERS);
        } else {
            __asm__ volatile(CHAINS("vaddps", "xmm") CHAINS("vmulps", "xmm")::: CLOBBERS);
        }
    }
}
#endif

} // namespace

ProcessorClock::ProcessorClock() {
    DIR *threads = opendir("/proc/self/task");
    while (const dirent *thread = threads == nullptr ? nullptr : readdir(threads)) {
        const int id = std::atoi(thread->d_name);
        if (id > 0) {
            /* The kernel's number of a thread's clock, which glibc gives only for a pthread_t. */
            constexpr unsigned OF_THREAD_SCHEDULED = 6;
            threads_.push_back(static_cast<clockid_t>(~static_cast<unsigned>(id) << 3U | OF_THREAD_SCHEDULED));
        }
    }
    if (threads != nullptr) {
        closedir(threads);
    }
    CHECK(!threads_.empty());
}

double ProcessorClock::seconds() const {
    double total = 0;
    for (const clockid_t thread : threads_) {
        total += seconds_of(thread);
    }
    return total;
}

#if defined(__x86_64__)
double peak_flops(std::int32_t isa, int threads) {
    constexpr int ROUNDS = 4000000;
    const double lanes = isa == EARSHOT_CPU_ISA_AVX512 ? 16 : isa == EARSHOT_CPU_ISA_AVX2 ? 8 : 4;
    double best = INFINITY;
    for (int attempt = 0; attempt < 5; ++attempt) {
        const double used = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
        std::vector<std::thread> others;
        for (int i = 1; i < threads; ++i) {
            others.emplace_back([=] { chains(isa, ROUNDS); });
        }
        chains(isa, ROUNDS);
        for (std::thread &other : others) {
            other.join();
        }
        best = std::min(best, (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - used) / threads);
    }
    return threads * 12.0 * 2 * lanes * ROUNDS / best;
}
#else
double peak_flops(std::int32_t, int) {
    return NAN;
}
#endif

double scan_rate(std::int32_t isa, int runs) {
    constexpr int ROWS = 63;
    constexpr int INNER = 256;
    constexpr int STATES = 16;
    constexpr int STEP = 2 * INNER + 16;
    const earshot::Kernels &kernels = earshot::kernels_for(isa, EARSHOT_PRECISION_FLOAT32);
    test::Random random(3);
    std::vector<float> decay = random.vector(INNER * STATES, -16.0F, -1.0F);
    const std::vector<float> lowest(INNER, -16.0F);
    const std::vector<float> skip(INNER, 1.0F);
    std::vector<float> state(INNER * STATES);
    const std::vector<float> delta = random.vector(ROWS * 16, 0.001F, 0.1F);
    std::vector<float> uz = random.vector(ROWS * STEP, -1.0F, 1.0F);
    const std::vector<float> bc = random.vector(ROWS * 48, -1.0F, 1.0F);
    std::vector<float> y(ROWS * 16);
    Times times;
    const auto body = [&](int) {
        for (int i = 0; i < 20; ++i) {
            for (earshot::Index e = 0; e < INNER; e += kernels.width) {
                kernels.scan(decay.data() + e * STATES, lowest.data() + e, skip.data() + e, state.data() + e * STATES,
                             delta.data(), uz.data() + e, uz.data() + INNER + e, STEP, bc.data(), bc.data() + STATES,
                             48, STATES, ROWS, y.data());
            }
        }
    };
    measure(runs, 1, body, &times);
    return 20.0 * ROWS * INNER * STATES / times.processor;
}

} // namespace bench
