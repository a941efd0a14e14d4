/*
 * The causal convolution and the selective scan at the papers' sizes (31 bins, 500 frames, 256 channels, 16 states,
 * rank 4, 4 taps), and where cutting a long sequence into segments pays. The plain scan, which the tests compare with
 * the formula, is what every other variant has to agree with before it is timed.
 */
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "intrinsics.h"
#include "kernel_bench.h"
#include "scan_variants.h"

namespace bench {
namespace {

using earshot::ScanPlan;
using earshot::ScanShape;
using earshot::Sequences;

constexpr int INNER = 256;
constexpr int STATES = 16;
constexpr int RANK = 4;
constexpr int TAPS = 4;

/* Float32 sums of two orders over a sequence's memory, which the steps below keep to some tens of tokens. */
constexpr double TOLERANCE = 1e-4;

struct Tensors {
    Buffer xz, u, x_projection, dt_weight, dt_bias, a, d, y, carry, weight, bias;

    [[nodiscard]] bool allocate(std::int64_t tokens, std::int64_t scratch) {
        const bool fits = xz.allocate(tokens * 4 * INNER) && u.allocate(tokens * 2 * INNER) &&
                          x_projection.allocate(tokens * 2 * (RANK + 2 * STATES)) &&
                          dt_weight.allocate(2 * RANK * INNER) && dt_bias.allocate(2 * INNER) &&
                          a.allocate(2 * STATES * INNER) && d.allocate(2 * INNER) && y.allocate(tokens * 2 * INNER) &&
                          carry.allocate(scratch + 1) && weight.allocate(2 * TAPS * INNER) && bias.allocate(2 * INNER);
        if (fits) {
            xz.fill(-3, 3, 1);
            u.fill(-1, 2, 2);
            x_projection.fill(-1, 1, 3);
            dt_weight.fill(-0.5F, 0.5F, 4);
            dt_bias.fill(-4, 0, 5);
            a.fill(-16, -0.5F, 6);
            d.fill(0.5F, 1.5F, 7);
            weight.fill(-1, 1, 8);
            bias.fill(-1, 1, 9);
        }
        return fits;
    }

    earshot::SelectiveScan scan(const Sequences &sequences) const {
        return {sequences,
                INNER,
                STATES,
                RANK,
                RANK,
                STATES,
                xz.span().part(INNER, sequences.tokens() * 4 * INNER - INNER),
                2,
                false,
                u.span(),
                x_projection.span(),
                dt_weight.span(),
                dt_bias.span(),
                a.span(),
                d.span(),
                y.span(),
                carry.span(),
                {},
                {},
                {}};
    }
    earshot::CausalConvolution convolution(const Sequences &sequences) const {
        return {sequences, INNER, TAPS, xz.span(), weight.span(), bias.span(), u.span()};
    }
};

/* A variant that computes something else is not timed; the others are, before the program fails. */
bool any_wrong = false;

std::string name_of(const ScanPlan &plan) {
    if (plan.shape.lanes == 0) {
        return "plain";
    }
    return std::to_string(plan.shape.lanes) + " lanes " + std::to_string(plan.shape.channels) + " ch" +
           (plan.segments > 1 ? " x" + std::to_string(plan.segments) : "");
}

bool same(const ScanPlan &a, const ScanPlan &b) {
    return a.shape == b.shape && a.segments == b.segments;
}

/* Runs of values from all over y: gigabytes of it would take longer to read and compare than to compute. */
std::vector<float> sample(const Tensors &tensors, const Sequences &sequences) {
    constexpr std::int64_t RUNS = 64;
    constexpr std::int64_t MOST = 1 << 22;
    const std::int64_t count = sequences.tokens() * 2 * INNER;
    const std::int64_t run = std::min(count, MOST) / RUNS;
    std::vector<float> values(static_cast<std::size_t>(run * RUNS));
    require(cudaDeviceSynchronize(), "running");
    for (std::int64_t i = 0; i < RUNS; ++i) {
        require(cudaMemcpy(values.data() + i * run, tensors.y.span().data() + i * (count - run) / (RUNS - 1),
                           static_cast<std::size_t>(run) * sizeof(float), cudaMemcpyDeviceToHost),
                "copying");
    }
    return values;
}

/* One output in a thousand, spread over all sequences, against the formula. */
void check_convolution(const Tensors &tensors, const Sequences &sequences) {
    require(earshot::enqueue(tensors.convolution(sequences), nullptr), "enqueueing the convolution");
    const std::vector<float> u = tensors.u.values();
    const std::vector<float> x = tensors.xz.values();
    const std::vector<float> weight = tensors.weight.values();
    const std::vector<float> bias = tensors.bias.values();
    const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
    for (std::int64_t i = 0; i < sequences.tokens() * 2 * INNER; i += 997) {
        const std::int64_t channel = i % INNER;
        const std::int64_t direction = i / INNER % 2;
        const std::int64_t sequence = i / INNER / 2 / sequences.length;
        const std::int64_t t = i / INNER / 2 % sequences.length;
        const auto row = [&](std::int64_t place) {
            return (sequences.first(sequence) + place * sequences.step) * 2 + direction;
        };
        double sum = bias[at(direction * INNER + channel)];
        for (std::int64_t k = 0; k < TAPS; ++k) {
            const std::int64_t from = direction == 0 ? t - (TAPS - 1 - k) : t + (TAPS - 1 - k);
            if (from >= 0 && from < sequences.length) {
                sum += static_cast<double>(weight[at((direction * TAPS + k) * INNER + channel)]) *
                       x[at(row(from) * 2 * INNER + channel)];
            }
        }
        const double expected = sum / (1 + std::exp(-sum));
        if (!(std::fabs(u[at(row(t) * INNER + channel)] - expected) <= TOLERANCE)) {
            std::fprintf(stderr, "the convolution is wrong\n");
            std::exit(1);
        }
    }
}

/* Channels of tokens, both directions. */
double values_of(const Sequences &sequences) {
    return static_cast<double>(sequences.tokens()) * 2 * INNER;
}

void convolution_case(Bench &bench, const Tensors &tensors, const Case &where, const Sequences &sequences) {
    Case what = where;
    what.kernel = "causal_convolution";
    what.variant = "4 channels";
    const double values = values_of(sequences);
    what.work.bytes = 8 * values;
    what.work.flops = (2 * TAPS + 2) * values;
    what.work.specials = 2 * values;
    bench.report(what, [&](cudaStream_t stream) { return earshot::enqueue(tensors.convolution(sequences), stream); });
}

void scan_case(Bench &bench, const Tensors &tensors, const Case &where, const Sequences &sequences,
               const ScanPlan &plan, const std::vector<float> &expected) {
    Case what = where;
    what.kernel = "selective_scan";
    const bool chosen = same(plan, earshot::plan_scan(sequences, INNER, STATES, bench.multiprocessors()));
    what.variant = name_of(plan) + (chosen ? " (chosen)" : "");
    const double values = values_of(sequences);
    what.work.bytes = 12 * values + static_cast<double>(sequences.tokens()) * 2 * 4 * (RANK + 2 * STATES);
    what.work.flops = (5 * STATES + 2 * RANK + 25) * values;
    what.work.specials = (STATES + 3) * values;
    const auto run = [&](cudaStream_t stream) { return earshot::enqueue(tensors.scan(sequences), plan, stream); };
    require(run(nullptr), "enqueueing the scan");
    const double share = worst_share(sample(tensors, sequences), expected);
    if (!(share <= TOLERANCE)) {
        bench.skip(what, "WRONG by " + std::to_string(share) + " of the root mean square");
        any_wrong = true;
        return;
    }
    bench.report(what, run);
}

std::vector<float> plain_scan(const Tensors &tensors, const Sequences &sequences) {
    require(earshot::enqueue_plain(tensors.scan(sequences), nullptr), "enqueueing the plain scan");
    return sample(tensors, sequences);
}

/* Both paths of so many clips of so many frames. */
void papers_sizes(Bench &bench, int batch, int frames) {
    const int bands = bench.tiny() ? 2 : 31;
    Tensors tensors;
    if (!tensors.allocate(std::int64_t{batch} * frames * bands, 0)) {
        bench.skip({"selective_scan", "", "", batch, {}}, "not enough memory");
        return;
    }
    for (const bool time : {true, false}) {
        const Sequences sequences =
            time ? Sequences::along_time(batch, frames, bands) : Sequences::along_frequency(batch, frames, bands);
        const std::string path = time ? "time path" : "frequency path";
        const Case where = {"", path + " " + std::to_string(frames), "", batch, {}};
        if (batch == 1) {
            check_convolution(tensors, sequences);
        }
        convolution_case(bench, tensors, where, sequences);
        const std::vector<float> expected = plain_scan(tensors, sequences);
        if (batch == 1) {
            scan_case(bench, tensors, where, sequences, earshot::PLAIN_SCAN, expected);
        }
        for (const ScanShape &shape : earshot::scan_shapes(STATES)) {
            scan_case(bench, tensors, where, sequences,
                      earshot::plan_shape(sequences, INNER, shape, 1, bench.multiprocessors()), expected);
        }
    }
}

/* From how many tokens on, and up to how many sequences, three passes over segments beat one launch. */
void crossover(Bench &bench) {
    std::printf("\n");
    const std::vector<int> lengths =
        bench.tiny() ? std::vector<int>{40, 96} : std::vector<int>{256, 512, 1024, 2048, 4096};
    const std::vector<int> cuts = bench.tiny() ? std::vector<int>{1, 2} : std::vector<int>{1, 8, 16, 64, 128};
    for (const int count : {1, 4, 16}) {
        for (const int length : lengths) {
            if (bench.tiny() && count > 1) {
                continue;
            }
            const Sequences sequences = Sequences::along_time(1, length, count);
            const Case where = {"", std::to_string(count) + " x " + std::to_string(length), "", 1, {}};
            std::vector<ScanPlan> plans = {earshot::plan_scan(sequences, INNER, STATES, bench.multiprocessors())};
            for (const ScanShape &shape : earshot::scan_shapes(STATES)) {
                for (const int segments : cuts) {
                    const ScanPlan plan =
                        earshot::plan_shape(sequences, INNER, shape, segments, bench.multiprocessors());
                    const auto known = [&](const ScanPlan &other) { return same(plan, other); };
                    if (std::none_of(plans.begin(), plans.end(), known) && (segments == 1 || plan.segments > 1)) {
                        plans.push_back(plan);
                    }
                }
            }
            std::int64_t scratch = 0;
            for (const ScanPlan &plan : plans) {
                scratch = std::max(scratch, earshot::scan_scratch(plan, sequences, INNER, STATES));
            }
            Tensors tensors;
            if (!tensors.allocate(sequences.tokens(), scratch)) {
                bench.skip(where, "not enough memory");
                continue;
            }
            const std::vector<float> expected = plain_scan(tensors, sequences);
            for (const ScanPlan &plan : plans) {
                scan_case(bench, tensors, where, sequences, plan, expected);
            }
        }
    }
}

/*
 * The states' part of a scan alone: decay, state and share of the output of 8 states of 2 channels a thread, B and C
 * from shared memory or (as if they cost nothing) from registers. What the rest of the scan, and memory, cost is
 * the difference to it. Of the first block also the clock that it had, cycles a nanosecond.
 */
template <bool SHARED>
__global__ void __launch_bounds__(128, 4)
    states_alone(const earshot::Span<float> out, [[maybe_unused]] const earshot::Span<float> clock, const int tokens) {
    earshot::begin_kernel();
    const earshot::Shared<float> rows(0, 64 * 16);
    for (int i = static_cast<int>(threadIdx.x); i < 64 * 16; i += 128) {
        rows[i] = static_cast<float>(i % 7) * 0.25F;
    }
    __syncthreads();
#ifndef EARSHOT_EMULATION
    const long long cycles = clock64();
    unsigned long long start;
    asm volatile("mov.u64 %0, %globaltimer;" : "=l"(start));
#endif
    float a[2][8];
    float h[2][8];
    float step[2];
    float sum[2] = {};
    for (int c = 0; c < 2; ++c) {
        step[c] = 0.01F + static_cast<float>(threadIdx.x) * 1e-3F;
        for (int n = 0; n < 8; ++n) {
            a[c][n] = -1.0F - static_cast<float>(n + c);
            h[c][n] = 0;
        }
    }
    earshot::Float4 row[4] = {};
    if constexpr (!SHARED) {
        for (int k = 0; k < 4; ++k) {
            row[k] = rows.load4(static_cast<int>(threadIdx.x) / 16 * 8 + k * 4);
        }
    }
    for (int t = 0; t < tokens; t += 4) {
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            if constexpr (SHARED) {
#pragma unroll
                for (int k = 0; k < 4; ++k) {
                    row[k] = rows.load4(t % 32 * 32 + j * 32 + static_cast<int>(threadIdx.x) % 32 / 16 * 8 +
                                        k / 2 * 16 + k % 2 * 4);
                }
            }
#pragma unroll
            for (int c = 0; c < 2; ++c) {
                step[c] *= 0.999F;
#pragma unroll
                for (int n = 0; n < 8; ++n) {
                    h[c][n] = fmaf(earshot::fast_exp2(step[c] * a[c][n]), h[c][n], step[c] * row[n / 4].v[n % 4]);
                    sum[c] = fmaf(row[2 + n / 4].v[n % 4], h[c][n], sum[c]);
                }
            }
        }
    }
    out[static_cast<std::int64_t>(blockIdx.x) * 128 + threadIdx.x] = sum[0] + sum[1];
#ifndef EARSHOT_EMULATION
    if (blockIdx.x == 0 && threadIdx.x == 0) {
        unsigned long long end;
        asm volatile("mov.u64 %0, %globaltimer;" : "=l"(end));
        clock[0] = static_cast<float>(clock64() - cycles) / static_cast<float>(end - start);
    }
#endif
}

void states_case(Bench &bench, int warps, bool shared) {
    const int blocks = bench.multiprocessors() * warps;
    const int tokens = bench.tiny() ? 8 : 4096;
    Buffer out;
    Buffer clock;
    if (!out.allocate(std::int64_t{blocks} * 128) || !clock.allocate(1)) {
        bench.skip({"states_alone", "", "", warps, {}}, "not enough memory");
        return;
    }
    Case what = {"states_alone", shared ? "shared memory" : "registers", std::to_string(warps) + " warps", 1, {}};
    what.work.specials = 16.0 * tokens * blocks * 128;
    what.work.flops = 80.0 * tokens * blocks * 128;
    bench.report(what, [&](cudaStream_t stream) {
        return earshot::launch("states_alone", shared ? states_alone<true> : states_alone<false>,
                               dim3(static_cast<unsigned>(blocks)), dim3(128), 64 * 16 * sizeof(float), stream,
                               out.span(), clock.span(), tokens);
    });
    std::printf("  at %.3f GHz\n", static_cast<double>(clock.values()[0]));
}

} // namespace

void scan(Bench &bench) {
    for (const bool shared : {false, true}) {
        for (const int warps : {1, 2, 3, 4}) {
            states_case(bench, warps, shared);
        }
    }
    if (bench.tiny()) {
        papers_sizes(bench, 2, 33);
    } else {
        /* 200 frames are 40 MB, which the second-level cache holds: what memory costs is the difference to 500. */
        papers_sizes(bench, 1, 500);
        papers_sizes(bench, 1, 200);
        papers_sizes(bench, 8, 500);
        papers_sizes(bench, 32, 500);
    }
    crossover(bench);
    if (any_wrong) {
        std::fprintf(stderr, "a scan is wrong\n");
        std::exit(1);
    }
}

} // namespace bench
