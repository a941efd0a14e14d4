/*
 * Times the kernels at the paper's size (C = 64, E = 256, N = 16, 4 blocks, T = 500, F = 64) and sets them against what
 * this machine's multiply-add units do in the same run. Each operation is compared with the formulas before it is
 * timed; a wrong one ends the program. Times are minimum and median of the runs; shares of the bound are taken from the
 * processor time, which a busy machine disturbs less.
 *
 *   earshot_cpu_bench [baseline|avx2|avx512] [runs] [most threads]
 *
 * Where the instruction set has bfloat16 products, each operation is timed in both precisions, in turns, so that what
 * else the machine does disturbs both alike; the shares are of the float32 units' peak.
 */
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <thread>

#include "operation.h"
#include "plan.h"
#include "reference.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kFrames = 500;
constexpr std::int64_t kBands = 64;
constexpr std::int64_t kInnerBands = 31;
constexpr int kBlocks = 4;
constexpr int kKinds = 3; /* encoder, path along time, path along frequency */

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/* Processor time of the whole process: on a busy machine what one thread needed is seen here. */
double processor_seconds() {
    timespec now = {};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Times {
    double least, median, processor;
};

/* Times body(0) to body(count - 1) in turns. */
template <class Body>
void measure(int runs, int count, Body body, Times *times) {
    std::vector<double> all[2];
    for (int i = 0; i < count; ++i) {
        body(i);
        times[i].processor = INFINITY;
    }
    for (int run = 0; run < runs; ++run) {
        for (int i = 0; i < count; ++i) {
            const double used = processor_seconds();
            const Clock::time_point start = Clock::now();
            body(i);
            all[i].push_back(seconds_since(start));
            times[i].processor = std::min(times[i].processor, processor_seconds() - used);
        }
    }
    for (int i = 0; i < count; ++i) {
        std::sort(all[i].begin(), all[i].end());
        times[i].least = all[i].front();
        times[i].median = all[i][all[i].size() / 2];
    }
}

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

double peak_flops(std::int32_t isa, int threads) {
    constexpr int kRounds = 4000000;
    const double lanes = isa == EARSHOT_CPU_ISA_AVX512 ? 16 : isa == EARSHOT_CPU_ISA_AVX2 ? 8 : 4;
    double best = INFINITY;
    for (int attempt = 0; attempt < 5; ++attempt) {
        const double used = processor_seconds();
        std::vector<std::thread> others;
        for (int i = 1; i < threads; ++i) {
            others.emplace_back([=] { chains(isa, kRounds); });
        }
        chains(isa, kRounds);
        for (std::thread &other : others) {
            other.join();
        }
        best = std::min(best, (processor_seconds() - used) / threads);
    }
    return threads * 12.0 * 2 * lanes * kRounds / best;
}
#else
double peak_flops(std::int32_t, int) {
    return NAN;
}
#endif

struct Prepared {
    const char *name;
    test::Operation operation;
    std::vector<float> input0, input1, output, scratch;
    std::int64_t bands = 0;
    double multiply_adds = 0;

    void prepare(int threads) {
        std::int64_t floats = 0;
        CHECK(earshot_cpu_op_output(operation.op, 1, kFrames, bands, &floats) == EARSHOT_CPU_OK);
        output.assign(static_cast<std::size_t>(floats), 0.0F);
        CHECK(earshot_cpu_op_scratch(operation.op, 1, kFrames, bands, threads, &floats) == EARSHOT_CPU_OK);
        scratch.assign(static_cast<std::size_t>(floats), 0.0F);
    }
    void run(earshot_cpu_team *team) {
        const earshot_cpu_status status = earshot_cpu_op_run(
            operation.op, team, input0.data(), static_cast<std::int64_t>(input0.size()), input1.data(),
            static_cast<std::int64_t>(input1.size()), output.data(), static_cast<std::int64_t>(output.size()),
            scratch.data(), static_cast<std::int64_t>(scratch.size()), 1, kFrames, bands);
        CHECK_THAT(status == EARSHOT_CPU_OK, earshot_cpu_last_error());
    }
};

void require_right(const char *name, test::Mode mode, const std::vector<float> &actual, const test::Doubles &expected,
                   const test::Doubles &unrounded) {
    const double error = test::mean_error(actual, expected);
    if (!(error <
          (mode.precision == EARSHOT_PRECISION_BF16 ? test::bf16_tolerance(expected, unrounded, 4) : 1e-5)) ||
        test::failures() > 0) {
        std::printf("%s is wrong (error %g): nothing is timed\n", name, error);
        std::exit(1);
    }
    std::printf("%-11s %-9s difference from double precision %.1e in the mean, %.1e at most\n", mode.name().c_str(),
                name, test::mean_error(actual, unrounded), test::relative_error(actual, unrounded));
}

void make_encoder(test::Mode mode, Prepared &p) {
    test::EncoderShape shape = test::EncoderShape::paper(64, 4);
    test::Random random(1);
    const std::vector<float> weights = random.vector(shape.weight_count(), -0.05F, 0.05F);
    p.name = "encoder";
    p.bands = kBands;
    p.input0 = random.vector(kFrames * kBands, -2.0F, 2.0F);
    CHECK(test::made({EARSHOT_LAYER_DENSE_ENCODER, shape.numbers(), weights}, mode, p.operation));
    p.multiply_adds = kFrames * (kBands * (64.0 + 9 * 64 * 64 * (1 + 2 + 3 + 4)) + kInnerBands * 3 * 64 * 64);
    const std::vector<float> x = random.vector(6 * kBands, -2.0F, 2.0F);
    const test::Doubles unrounded = test::dense_encoder(shape, weights, x, 1, 6, kBands);
    shape.precision = mode.precision;
    require_right(p.name, mode, test::run(p.operation.op, 1, x, {}, 1, 6, kBands),
                  test::dense_encoder(shape, weights, x, 1, 6, kBands), unrounded);
}

void make_path(test::Mode mode, std::int32_t axis, Prepared &p) {
    test::MambaShape shape = {axis, EARSHOT_NORM_CONDITIONAL, 32, 1, 64, 256, 16, 4, 4};
    test::Random random(1);
    const std::vector<float> weights = test::mamba_weights(shape, 5);
    p.name = axis == EARSHOT_AXIS_TIME ? "time" : "frequency";
    p.bands = kInnerBands;
    p.input0 = random.vector(kFrames * kInnerBands * 64, -2.0F, 2.0F);
    p.input1 = random.vector(32, -1.0F, 1.0F);
    CHECK(test::made({EARSHOT_LAYER_MAMBA_PATH, shape.numbers(), weights}, mode, p.operation));
    p.multiply_adds = kFrames * kInnerBands * 2.0 * (64 * 512 + 256 * 4 + 256 * 36 + 4 * 256 + 256 * 64 + 64 * 64);
    const std::int64_t frames = axis == EARSHOT_AXIS_TIME ? 150 : 4;
    const std::int64_t bands = axis == EARSHOT_AXIS_TIME ? 2 : kInnerBands;
    const std::vector<float> x = random.vector(frames * bands * 64, -2.0F, 2.0F);
    const test::Doubles unrounded = test::mamba_path(shape, weights, x, p.input1, 1, frames, bands);
    shape.precision = mode.precision;
    require_right(p.name, mode, test::run(p.operation.op, 2, x, p.input1, 1, frames, bands),
                  test::mamba_path(shape, weights, x, p.input1, 1, frames, bands), unrounded);
}

const earshot::Kernels &table(std::int32_t isa) {
#if defined(__x86_64__)
    if (isa == EARSHOT_CPU_ISA_AVX512) {
        return earshot::kAvx512Kernels;
    }
    if (isa == EARSHOT_CPU_ISA_AVX2) {
        return earshot::kAvx2Kernels;
    }
#endif
    (void)isa;
    return earshot::kBaselineKernels;
}

/* State updates a second of the scan alone, on tiles in L1 and L2 as in the path. */
double scan_rate(std::int32_t isa, int runs) {
    constexpr int kRows = 63;
    constexpr int kInner = 256;
    constexpr int kStates = 16;
    constexpr int kStep = 2 * kInner + 16;
    const earshot::Kernels &kernels = table(isa);
    test::Random random(3);
    std::vector<float> decay = random.vector(kInner * kStates, -16.0F, -1.0F);
    const std::vector<float> lowest(kInner, -16.0F);
    const std::vector<float> skip(kInner, 1.0F);
    std::vector<float> state(kInner * kStates);
    const std::vector<float> delta = random.vector(kRows * 16, 0.001F, 0.1F);
    std::vector<float> uz = random.vector(kRows * kStep, -1.0F, 1.0F);
    const std::vector<float> bc = random.vector(kRows * 48, -1.0F, 1.0F);
    std::vector<float> y(kRows * 16);
    Times times;
    const auto body = [&](int) {
        for (int i = 0; i < 20; ++i) {
            for (earshot::Index e = 0; e < kInner; e += kernels.width) {
                kernels.scan(decay.data() + e * kStates, lowest.data() + e, skip.data() + e, state.data() + e * kStates,
                             delta.data(), uz.data() + e, uz.data() + kInner + e, kStep, bc.data(), bc.data() + kStates,
                             48, kStates, kRows, y.data());
            }
        }
    };
    measure(runs, 1, body, &times);
    return 20.0 * kRows * kInner * kStates / times.processor;
}

void print(const Prepared &p, test::Mode mode, const Times &times, int threads, double peak, double scan) {
    const double used = times.processor / threads;
    const double flops = 2 * p.multiply_adds / used;
    std::printf("%-11s %-9s %7.2f ms (median %7.2f), %7.2f ms of processor a thread: products %6.1f GFLOP/s, %5.1f %%",
                mode.name().c_str(), p.name, times.least * 1e3, times.median * 1e3, used * 1e3, flops / 1e9,
                100 * flops / peak);
    if (p.bands == kInnerBands && mode.precision == EARSHOT_PRECISION_FLOAT32) {
        const double updates = 2.0 * kFrames * kInnerBands * 256 * 16;
        std::printf(", with the scan %4.1f %%", 100 * (2 * p.multiply_adds / peak + updates / (scan * threads)) / used);
    }
    std::printf(" of the bound\n");
}

} // namespace

int main(int argc, char **argv) {
    std::int32_t isa = earshot_cpu_isa_best();
    for (std::int32_t i = 0; argc > 1 && i <= EARSHOT_CPU_ISA_AVX512; ++i) {
        isa = std::strcmp(argv[1], earshot_cpu_isa_name(i)) == 0 ? i : isa;
    }
    const int runs = argc > 2 ? std::atoi(argv[2]) : 7;
    const bool both = isa == EARSHOT_CPU_ISA_AVX512 && earshot_cpu_bf16_available() == 1;
    const int precisions = both ? 2 : 1;
    Prepared all[2][kKinds];
    for (int i = 0; i < precisions; ++i) {
        make_encoder({isa, i}, all[i][0]);
        make_path({isa, i}, EARSHOT_AXIS_TIME, all[i][1]);
        make_path({isa, i}, EARSHOT_AXIS_FREQUENCY, all[i][2]);
    }
    const double scan = scan_rate(isa, runs);
    std::printf("%s; scan alone %.2f G state updates/s on one thread, with gate\n", earshot_cpu_isa_name(isa),
                scan / 1e9);
    const int most = argc > 3 ? std::atoi(argv[3]) : static_cast<int>(std::thread::hardware_concurrency());
    for (int threads = 1; threads <= most; threads *= 2) {
        const double peak = peak_flops(isa, threads);
        std::printf("\n%d thread%s, float32 peak %.0f GFLOP/s\n", threads, threads == 1 ? "" : "s", peak / 1e9);
        earshot_cpu_team *team = nullptr;
        CHECK(earshot_cpu_team_create(threads, &team) == EARSHOT_CPU_OK);
        Times network[2] = {};
        for (int kind = 0; kind < kKinds; ++kind) {
            Times times[2];
            for (int i = 0; i < precisions; ++i) {
                all[i][kind].prepare(threads);
            }
            measure(runs, precisions, [&](int i) { all[i][kind].run(team); }, times);
            for (int i = 0; i < precisions; ++i) {
                print(all[i][kind], {isa, i}, times[i], threads, peak, scan);
                const int count = kind == 0 ? 1 : kBlocks;
                network[i].least += count * times[i].least;
                network[i].median += count * times[i].median;
                network[i].processor += count * times[i].processor / threads;
            }
        }
        for (int i = 0; i < precisions; ++i) {
            std::printf("%-11s network   %7.2f ms (median %7.2f), %7.2f ms of processor a thread: encoder and %d "
                        "blocks\n",
                        test::Mode{isa, i}.name().c_str(), network[i].least * 1e3, network[i].median * 1e3,
                        network[i].processor * 1e3, kBlocks);
        }
        if (both) {
            std::printf("bf16 takes 1 / %.2f of the time (median 1 / %.2f, processor 1 / %.2f)\n",
                        network[0].least / network[1].least, network[0].median / network[1].median,
                        network[0].processor / network[1].processor);
        }
        earshot_cpu_team_destroy(team);
    }
    return test::failures() > 0 ? 1 : 0;
}
