/*
 * Times the kernels at the papers' sizes (T = 500, F = 64) and sets them against what this machine's multiply-add units
 * do in the same run. Each operation is compared with the formulas before it is timed; a wrong one ends the program.
 * Times are minimum and median of the runs; shares of the bound and rates are taken from the processor time, which a
 * busy machine disturbs less. Rates count the multiply-adds of the formula, and the numbers read and written once.
 *
 *   earshot_cpu_bench [baseline|avx2|avx512] [runs] [most threads] [part of a network's name]
 *
 * Where the instruction set has bfloat16 products, each operation is timed in both precisions, in turns, so that what
 * else the machine does disturbs both alike; the shares are of the float32 units' peak.
 */
#include <cstdlib>
#include <cstring>
#include <thread>

#include "bf16_tolerance.h"
#include "errors.h"
#include "machine.h"
#include "networks.h"

namespace {

/* A layer with its memory. */
struct Prepared {
    test::Operation operation;
    std::vector<float> input0, input1, output, scratch;

    void prepare(const bench::Layer &layer, int threads) {
        test::Random random(1);
        input0 = random.vector(layer.frames * layer.bands * layer.channels, -2.0F, 2.0F);
        input1 = random.vector(layer.condition, -1.0F, 1.0F);
        std::int64_t floats = 0;
        CHECK(earshot_cpu_op_output(operation.op, 1, layer.frames, layer.bands, &floats) == EARSHOT_CPU_OK);
        output.assign(static_cast<std::size_t>(floats), 0.0F);
        CHECK(earshot_cpu_op_scratch(operation.op, 1, layer.frames, layer.bands, threads, &floats) == EARSHOT_CPU_OK);
        scratch.assign(static_cast<std::size_t>(floats), 0.0F);
    }
    void run(const bench::Layer &layer, earshot_cpu_team *team) {
        const earshot_cpu_status status = earshot_cpu_op_run(
            operation.op, team, input0.data(), static_cast<std::int64_t>(input0.size()), input1.data(),
            static_cast<std::int64_t>(input1.size()), output.data(), static_cast<std::int64_t>(output.size()),
            scratch.data(), static_cast<std::int64_t>(scratch.size()), 1, layer.frames, layer.bands);
        CHECK_THAT(status == EARSHOT_CPU_OK, earshot_cpu_last_error());
    }
};

void make(const bench::Layer &layer, test::Mode mode, Prepared &p) {
    CHECK(test::made(layer.packed, mode, p.operation));
    test::Random random(2);
    const std::vector<float> x = random.vector(layer.few_frames * layer.few_bands * layer.channels, -2.0F, 2.0F);
    const std::vector<float> condition = random.vector(layer.condition, -1.0F, 1.0F);
    const test::Doubles exact = layer.formula(x, condition, EARSHOT_PRECISION_FLOAT32);
    const test::Doubles expected = layer.formula(x, condition, mode.precision);
    const std::vector<float> actual = test::run(p.operation.op, 2, x, condition, 1, layer.few_frames, layer.few_bands);
    const double error = test::mean_error(actual, expected);
    const bool bf16 = mode.precision == EARSHOT_PRECISION_BF16;
    if (!(error < (bf16 ? test::bf16_tolerance(expected, exact, 4) : 1e-5)) || test::failures() > 0) {
        std::printf("%s is wrong (error %g): nothing is timed\n", layer.name.c_str(), error);
        std::exit(1);
    }
    std::printf("%-11s %-12s difference from double precision %.1e in the mean, %.1e at most\n", mode.name().c_str(),
                layer.name.c_str(), test::mean_error(actual, exact), test::relative_error(actual, exact));
}

void print(const bench::Layer &layer, const Prepared &p, test::Mode mode, const bench::Times &times, int threads,
           double peak, double scan) {
    const double used = times.processor / threads;
    const double flops = 2 * layer.multiply_adds / used;
    const double bytes =
        4.0 * static_cast<double>(p.input0.size() + p.output.size() + layer.packed.weights.size()) / used;
    std::printf("%-11s %-12s %7.2f ms (median %7.2f), %7.2f ms of processor a thread: %6.1f GFLOP/s, %5.1f GB/s, "
                "%5.1f %%",
                mode.name().c_str(), layer.name.c_str(), times.least * 1e3, times.median * 1e3, used * 1e3, flops / 1e9,
                bytes / 1e9, 100 * flops / peak);
    if (layer.updates > 0 && mode.precision == EARSHOT_PRECISION_FLOAT32) {
        std::printf(", with the scan %4.1f %%",
                    100 * (2 * layer.multiply_adds / peak + layer.updates / (scan * threads)) / used);
    }
    std::printf(" of the bound\n");
}

/* Times a network's layers one by one, in all precisions. */
void run(const bench::Network &network, std::vector<Prepared> (&all)[2], int precisions, std::int32_t isa, int runs,
         int threads, double peak, double scan) {
    earshot_cpu_team *team = nullptr;
    CHECK(earshot_cpu_team_create(threads, &team) == EARSHOT_CPU_OK);
    bench::Times sums[2] = {};
    double multiply_adds = 0;
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
        const bench::Layer &layer = network.layers[l];
        bench::Times times[2];
        for (int i = 0; i < precisions; ++i) {
            all[i][l].prepare(layer, threads);
        }
        const auto once = [&](int i) { all[i][l].run(layer, team); };
        bench::measure(runs, precisions, once, times);
        for (int i = 0; i < precisions; ++i) {
            print(layer, all[i][l], {isa, i}, times[i], threads, peak, scan);
            sums[i].least += layer.count * times[i].least;
            sums[i].median += layer.count * times[i].median;
            sums[i].processor += layer.count * times[i].processor / threads;
        }
        multiply_adds += layer.count * layer.multiply_adds;
    }
    for (int i = 0; i < precisions; ++i) {
        std::printf("%-11s %-12s %7.2f ms (median %7.2f), %7.2f ms of processor a thread: %6.1f GFLOP/s, %5.1f %% of "
                    "the bound\n",
                    test::Mode{isa, i}.name().c_str(), network.name.c_str(), sums[i].least * 1e3, sums[i].median * 1e3,
                    sums[i].processor * 1e3, 2e-9 * multiply_adds / sums[i].processor,
                    100 * 2 * multiply_adds / peak / sums[i].processor);
    }
    if (precisions == 2) {
        std::printf("bf16 takes 1 / %.2f of the time (median 1 / %.2f, processor 1 / %.2f)\n",
                    sums[0].least / sums[1].least, sums[0].median / sums[1].median,
                    sums[0].processor / sums[1].processor);
    }
    earshot_cpu_team_destroy(team);
}

} // namespace

int main(int argc, char **argv) {
    std::int32_t isa = earshot_cpu_isa_best();
    for (std::int32_t i = 0; argc > 1 && i <= EARSHOT_CPU_ISA_AVX512; ++i) {
        isa = std::strcmp(argv[1], earshot_cpu_isa_name(i)) == 0 ? i : isa;
    }
    const int runs = argc > 2 ? std::atoi(argv[2]) : 7;
    const int most = argc > 3 ? std::atoi(argv[3]) : static_cast<int>(std::thread::hardware_concurrency());
    const int precisions = isa == EARSHOT_CPU_ISA_AVX512 && earshot_cpu_bf16_available() == 1 ? 2 : 1;
    const double scan = bench::scan_rate(isa, runs);
    std::printf("%s; scan alone %.2f G state updates/s on one thread, with gate\n", earshot_cpu_isa_name(isa),
                scan / 1e9);
    for (const bench::Network &network : bench::networks()) {
        if (argc > 4 && network.name.find(argv[4]) == std::string::npos) {
            continue;
        }
        std::printf("\n%s\n", network.name.c_str());
        std::vector<Prepared> all[2] = {std::vector<Prepared>(network.layers.size()),
                                        std::vector<Prepared>(network.layers.size())};
        for (std::size_t l = 0; l < network.layers.size(); ++l) {
            for (int i = 0; i < precisions; ++i) {
                make(network.layers[l], {isa, i}, all[i][l]);
            }
        }
        for (int threads = 1; threads <= most; threads *= 2) {
            const double peak = bench::peak_flops(isa, threads);
            std::printf("\n%d thread%s, float32 peak %.0f GFLOP/s\n", threads, threads == 1 ? "" : "s", peak / 1e9);
            run(network, all, precisions, isa, runs, threads, peak, scan);
        }
    }
    return test::failures() > 0 ? 1 : 0;
}
