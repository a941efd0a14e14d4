/*
 * The causal convolution and every variant of the selective scan against their formulas in double precision, and
 * against what public code computed.
 *
 * Tolerances, relative to the root mean square of what is expected. A value is a few times that, and 2^-23 is a
 * rounding error and the next one; each of T states in a row, each of N or taps terms of a sum adds one, and softplus,
 * exp2 and SiLU together fewer than 16.
 */
#include <cmath>
#include <functional>
#include <string>

#include "harness.h"
#include "safetensors.h"
#include "scan_problem.h"
#include "scan_variants.h"

namespace {

using test::Axis;
using test::Grid;

std::string describe(const Grid &grid) {
    return std::string(grid.axis == Axis::TIME ? "time " : "frequency ") + std::to_string(grid.batch) + "x" +
           std::to_string(grid.frames) + "x" + std::to_string(grid.bands);
}

/* Lengths about the run of 16 tokens and its steps of 4; sequences that are not neighbours in memory
 * and ones that are. */
TEST(causal_convolution_agrees_with_its_formula) {
    const Grid grids[] = {{Axis::TIME, 1, 1, 1},  {Axis::TIME, 2, 15, 3},      {Axis::TIME, 1, 16, 2},
                          {Axis::TIME, 1, 17, 2}, {Axis::FREQUENCY, 2, 3, 31}, {Axis::FREQUENCY, 1, 2, 35}};
    std::uint64_t seed = 1;
    for (const Grid &grid : grids) {
        for (int taps = 1; taps <= 8; ++taps) {
            const int inner = (taps * 7 + grid.length()) % 3 == 0 ? 4 * taps : 4 * taps + 1;
            const test::ConvolutionProblem problem = test::random_convolution(grid, inner, taps, ++seed);
            const double share = test::worst_share(test::run(problem), problem.expected());
            CHECK_THAT(share <= (16 + taps) * 0x1p-23, describe(grid) + " taps " + std::to_string(taps) + " inner " +
                                                           std::to_string(inner) + ": " + std::to_string(share * 1e6) +
                                                           "e-6");
        }
    }
}

TEST(causal_convolution_refuses_what_it_has_no_kernel_for) {
    test::ConvolutionProblem problem = test::random_convolution({Axis::TIME, 1, 2, 1}, 4, 8, 1);
    earshot::CausalConvolution convolution = {problem.grid.addresses(), problem.inner, 9, {}, {}, {}, {}};
    CHECK(earshot::enqueue(convolution, nullptr) == cudaErrorInvalidValue);
    convolution.taps = 0;
    CHECK(earshot::enqueue(convolution, nullptr) == cudaErrorInvalidValue);
}

struct Size {
    Grid grid;
    int inner, states, rank;
};

double tolerance(const Size &size) {
    return (16 + size.states + size.rank + size.grid.length()) * 0x1p-23;
}

std::string describe(const Size &size) {
    return describe(size.grid) + " E " + std::to_string(size.inner) + " N " + std::to_string(size.states) + " R " +
           std::to_string(size.rank);
}

void require_close(const Size &size, const std::string &variant, const std::vector<float> &actual,
                   const std::vector<double> &expected) {
    const double share = test::worst_share(actual, expected);
    CHECK_THAT(share <= tolerance(size), describe(size) + " " + variant + ": " + std::to_string(share * 1e6) + "e-6");
}

TEST(plain_scan_agrees_with_its_formula) {
    const Size sizes[] = {{{Axis::TIME, 1, 1, 1}, 1, 1, 1},        {{Axis::TIME, 2, 9, 3}, 33, 5, 3},
                          {{Axis::FREQUENCY, 2, 3, 31}, 8, 16, 4}, {{Axis::TIME, 1, 40, 1}, 130, 17, 9},
                          {{Axis::FREQUENCY, 1, 1, 2}, 3, 256, 1}, {{Axis::TIME, 1, 300, 1}, 2, 16, 4}};
    std::uint64_t seed = 100;
    for (const Size &size : sizes) {
        const test::ScanProblem problem = test::random_scan(size.grid, size.inner, size.states, size.rank, ++seed);
        const auto plain = [](const earshot::SelectiveScan &scan) { return earshot::enqueue_plain(scan, nullptr); };
        require_close(size, "plain", test::run(problem, plain, 0), problem.expected());
    }
}

std::string describe(const earshot::ScanPlan &plan) {
    return std::to_string(plan.shape.lanes) + " lanes, " + std::to_string(plan.shape.channels) + " channels, " +
           std::to_string(plan.segments) + " segments, " + std::to_string(plan.stretches_per_block) + " a block";
}

std::vector<float> run(const test::ScanProblem &problem, const earshot::ScanPlan &plan) {
    return test::run(
        problem, [&](const earshot::SelectiveScan &scan) { return earshot::enqueue(scan, plan, nullptr); },
        earshot::scan_scratch(plan, problem.grid.addresses(), problem.inner, problem.states));
}

/* Every shape that the states have, in one launch; one and several sequences a block. Lengths about the groups of 4 to
   16 tokens and the chunk of 32; channels about the tiles of 32, 64, 128 and 256. */
TEST(fast_scan_agrees_with_its_formula) {
    const Size sizes[] = {{{Axis::TIME, 1, 1, 1}, 1, 1, 1},         {{Axis::TIME, 1, 9, 3}, 33, 4, 3},
                          {{Axis::FREQUENCY, 1, 3, 31}, 64, 16, 4}, {{Axis::TIME, 1, 40, 2}, 130, 13, 9},
                          {{Axis::FREQUENCY, 2, 2, 33}, 20, 7, 5},  {{Axis::TIME, 1, 65, 1}, 129, 16, 2},
                          {{Axis::FREQUENCY, 1, 5, 8}, 31, 8, 4},   {{Axis::TIME, 2, 67, 1}, 7, 30, 4},
                          {{Axis::FREQUENCY, 1, 2, 7}, 35, 64, 4},  {{Axis::TIME, 1, 100, 1}, 4, 33, 6},
                          {{Axis::TIME, 1, 4, 3}, 257, 3, 4},       {{Axis::FREQUENCY, 1, 5, 31}, 256, 16, 4},
                          {{Axis::TIME, 1, 67, 2}, 36, 13, 1},      {{Axis::FREQUENCY, 2, 3, 15}, 4, 14, 3},
                          {{Axis::TIME, 2, 1, 2}, 260, 16, 4}};
    std::uint64_t seed = 200;
    for (const Size &size : sizes) {
        const test::ScanProblem problem = test::random_scan(size.grid, size.inner, size.states, size.rank, ++seed);
        const std::vector<double> expected = problem.expected();
        for (const earshot::ScanShape &shape : earshot::scan_shapes(size.states)) {
            for (const int each : {1, 2}) {
                const earshot::ScanPlan plan = {shape, 1, size.grid.length(), each};
                require_close(size, describe(plan), run(problem, plan), expected);
            }
        }
    }
}

/* Segments of whole chunks, the last one shorter; the states of the first must reach the end of the last. */
TEST(segmented_scan_agrees_with_its_formula) {
    const Size sizes[] = {{{Axis::TIME, 1, 65, 1}, 5, 4, 1},   {{Axis::TIME, 1, 150, 2}, 33, 16, 4},
                          {{Axis::TIME, 1, 97, 1}, 9, 7, 5},   {{Axis::FREQUENCY, 2, 1, 130}, 3, 11, 9},
                          {{Axis::TIME, 1, 128, 1}, 2, 20, 2}, {{Axis::TIME, 1, 99, 1}, 3, 40, 3},
                          {{Axis::TIME, 1, 620, 1}, 2, 4, 1},  {{Axis::TIME, 1, 131, 2}, 68, 15, 3}};
    std::uint64_t seed = 300;
    for (const Size &size : sizes) {
        const test::ScanProblem problem = test::random_scan(size.grid, size.inner, size.states, size.rank, ++seed);
        const std::vector<double> expected = problem.expected();
        for (const earshot::ScanShape &shape : earshot::scan_shapes(size.states)) {
            for (const int length : {32, 64}) {
                const int segments = (size.grid.length() + length - 1) / length;
                const earshot::ScanPlan plan = {shape, segments, length, 1 + length / 64};
                require_close(size, describe(plan), run(problem, plan), expected);
            }
        }
    }
}

TEST(scans_agree_with_one_another) {
    const Size size = {{Axis::TIME, 1, 100, 2}, 70, 16, 4};
    const test::ScanProblem problem = test::random_scan(size.grid, size.inner, size.states, size.rank, 400);
    const std::vector<float> plain = run(problem, earshot::PLAIN_SCAN);
    for (const earshot::ScanShape &shape : earshot::scan_shapes(size.states)) {
        for (const int segments : {1, 2, 4}) {
            const earshot::ScanPlan plan = {shape, segments, segments == 1 ? 100 : 128 / segments, 1};
            require_close(size, describe(plan), run(problem, plan), {plain.begin(), plain.end()});
        }
    }
}

/* The rule, on devices from one multiprocessor to many: whatever it picks computes the same. */
TEST(chosen_scan_agrees_with_its_formula) {
    const Size sizes[] = {{{Axis::TIME, 1, 1030, 1}, 3, 4, 1},       /* segments on the largest device */
                          {{Axis::TIME, 1, 3, 9}, 40, 16, 4},        /* blocks that scan several sequences */
                          {{Axis::FREQUENCY, 1, 2, 5}, 130, 65, 4},  /* more states than the fast kernel has */
                          {{Axis::FREQUENCY, 1, 2, 3}, 9, 16, 101}}; /* weights of dt beyond its shared memory */
    std::uint64_t seed = 500;
    for (const Size &size : sizes) {
        const test::ScanProblem problem = test::random_scan(size.grid, size.inner, size.states, size.rank, ++seed);
        const std::vector<double> expected = problem.expected();
        for (const int multiprocessors : {1, 4, 132}) {
            const auto chosen = [&](const earshot::SelectiveScan &scan) {
                return earshot::enqueue(scan, multiprocessors, nullptr);
            };
            const std::int64_t scratch =
                earshot::scan_scratch(problem.grid.addresses(), size.inner, size.states, multiprocessors);
            require_close(size, "on " + std::to_string(multiprocessors), test::run(problem, chosen, scratch), expected);
        }
    }
}

/* Every shape of the tiled scan, with rates from none to far beyond what exp2 can hold, and gates
 * from shut to open. */
TEST(tiled_scans_agree_with_the_formula) {
    const Size sizes[] = {{{Axis::TIME, 1, 70, 2}, 64, 16, 4}, {{Axis::FREQUENCY, 1, 5, 31}, 36, 13, 1}};
    for (const Size &size : sizes) {
        for (const float factor : {1.0F, 1e-4F, 1e3F}) {
            test::ScanProblem problem = test::random_scan(size.grid, size.inner, size.states, size.rank, 450);
            for (float &a : problem.a) {
                a *= factor;
            }
            for (float &z : problem.xz) {
                z *= std::sqrt(factor);
            }
            const std::vector<double> expected = problem.expected();
            for (const earshot::ScanShape &shape : earshot::scan_shapes(size.states)) {
                const earshot::ScanPlan plan = {shape, 1, size.grid.length(), 2};
                require_close(size, describe(plan), run(problem, plan), expected);
            }
        }
    }
}

TEST(scan_rule_fills_the_device) {
    using earshot::ScanPlan;
    using earshot::Sequences;
    constexpr int SCHEDULERS = 4 * 132;
    const auto plan = [](const Sequences &sequences, int inner, int states) {
        return earshot::plan_scan(sequences, inner, states, 132);
    };
    /* Warps a scheduler of both directions' channels. */
    const auto warps = [](const ScanPlan &p, std::int64_t sequences) {
        return static_cast<double>(2 * 256 * sequences * p.segments) * p.shape.lanes /
               (32.0 * p.shape.channels * SCHEDULERS);
    };
    /* The papers' size: about two warps a scheduler, or more. */
    const ScanPlan time = plan(Sequences::along_time(1, 500, 31), 256, 16);
    CHECK_THAT(time.shape.lanes == 4 && time.shape.channels == 1 && time.segments == 1, describe(time));
    for (const ScanPlan &wide :
         {plan(Sequences::along_frequency(1, 500, 31), 256, 16), plan(Sequences::along_time(8, 500, 31), 256, 16),
          plan(Sequences::along_time(32, 500, 31), 256, 16), plan(Sequences::along_frequency(32, 500, 31), 256, 16)}) {
        CHECK_THAT(wide.shape.lanes == 2 && wide.shape.channels == 2 && wide.segments == 1, describe(wide));
    }
    /* Few long sequences, on any device: segments that fill it, of whole chunks, down to one each. */
    for (const int count : {1, 4}) {
        for (const int length : {512, 1024, 2048, 4096, 8192, 65536}) {
            const ScanPlan few = plan(Sequences::along_time(1, length, count), 256, 16);
            CHECK_THAT(few.segment_length % 32 == 0 && few.segments * few.segment_length >= length &&
                           (few.segments - 1) * few.segment_length < length,
                       describe(few));
            CHECK_THAT(few.segment_length == 32 || warps(few, count) >= 1.5, describe(few));
        }
    }
    /* What is short, or has enough sequences, is not cut: a clip of an hour, for one. */
    CHECK(plan(Sequences::along_time(1, 200, 1), 256, 16).segments == 1);
    CHECK(plan(Sequences::along_time(1, 180000, 31), 256, 16).segments == 1);
    CHECK(plan(Sequences::along_time(1, 512, 16), 256, 16).segments == 1);
    const ScanPlan one = plan(Sequences::along_time(1, 8192, 1), 256, 16);
    CHECK(earshot::scan_scratch(one, Sequences::along_time(1, 8192, 1), 256, 16) ==
          std::int64_t{one.segments - 1} * 2 * 256 * 17);
    CHECK(earshot::scan_scratch(Sequences::along_time(1, 500, 31), 256, 16, 132) == 0);
    CHECK(plan(Sequences::along_time(1, 500, 31), 256, 65).shape.lanes == 0);
}

TEST(scan_refuses_sizes_that_make_no_sense) {
    const Size size = {{Axis::TIME, 1, 2, 1}, 4, 8, 4};
    const test::ScanProblem problem = test::random_scan(size.grid, size.inner, size.states, size.rank, 600);
    const auto refused = [&](const std::function<void(earshot::SelectiveScan &)> &change) {
        test::run(
            problem,
            [&](const earshot::SelectiveScan &scan) {
                earshot::SelectiveScan changed = scan;
                change(changed);
                CHECK(earshot::enqueue(changed, 132, nullptr) == cudaErrorInvalidValue);
                return cudaSuccess;
            },
            0);
    };
    refused([](earshot::SelectiveScan &scan) { scan.inner = 0; });
    refused([](earshot::SelectiveScan &scan) { scan.states = 257; });
    refused([](earshot::SelectiveScan &scan) { scan.rank = 5; });
    refused([](earshot::SelectiveScan &scan) { scan.state_width = 12; });
    refused([](earshot::SelectiveScan &scan) { scan.sequences.count = 0; });
    refused([](earshot::SelectiveScan &scan) { scan.sequences.inner = 0; });
    refused([](earshot::SelectiveScan &scan) { scan.sequences.inner = std::int64_t{1} << 32; });
    refused([](earshot::SelectiveScan &scan) { scan.sequences.step = 1 << 29; });
}

/*
 * A case of the public scan, channels first and one direction, as both directions of ours: forwards as it stands, and
 * turned round in time. Its steps are given for each channel; here they are dt, under weights that are the identity.
 */
struct PublicScan {
    test::ScanProblem problem;
    std::vector<double> expected;
};

PublicScan public_scan(const std::map<std::string, test::Tensor> &tensors, const std::string &name) {
    const auto tensor = [&](const char *what) -> const test::Tensor & { return tensors.at(name + "." + what); };
    const std::vector<std::int64_t> &shape = tensor("u").shape;
    const int batch = static_cast<int>(shape[0]);
    const int inner = static_cast<int>(shape[1]);
    const int length = static_cast<int>(shape[2]);
    const int states = static_cast<int>(tensor("A").shape[1]);
    PublicScan scan = {test::random_scan({Axis::TIME, batch, length, 1}, inner, states, inner, 1), {}};
    test::ScanProblem &p = scan.problem;
    scan.expected.resize(p.u.size());
    const std::int64_t width = p.dt_width() + 2 * p.state_width();
    const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
    for (std::int64_t direction = 0; direction < 2; ++direction) {
        for (std::int64_t c = 0; c < inner; ++c) {
            p.d[at(direction * inner + c)] = tensor("D").values[at(c)];
            p.dt_bias[at(direction * inner + c)] = tensor("delta_bias").values[at(c)];
            for (std::int64_t r = 0; r < inner; ++r) {
                p.dt_weight[at((direction * inner + r) * inner + c)] = r == c ? 1.0F : 0.0F;
            }
            for (std::int64_t n = 0; n < states; ++n) {
                p.a[at((direction * states + n) * inner + c)] =
                    static_cast<float>(tensor("A").values[at(c * states + n)] / std::log(2.0));
            }
        }
        for (std::int64_t b = 0; b < batch; ++b) {
            for (std::int64_t t = 0; t < length; ++t) {
                const std::int64_t row = (b * length + (direction == 0 ? t : length - 1 - t)) * 2 + direction;
                for (std::int64_t c = 0; c < inner; ++c) {
                    const std::size_t from = at((b * inner + c) * length + t);
                    p.u[at(row * inner + c)] = tensor("u").values[from];
                    p.xz[at(row * 2 * inner + inner + c)] = tensor("z").values[from];
                    p.x_projection[at(row * width + c)] = tensor("delta").values[from];
                    scan.expected[at(row * inner + c)] = tensor("out").values[from];
                }
                for (std::int64_t n = 0; n < states; ++n) {
                    const std::size_t from = at((b * states + n) * length + t);
                    p.x_projection[at(row * width + p.dt_width() + n)] = tensor("B").values[from];
                    p.x_projection[at(row * width + p.dt_width() + p.state_width() + n)] = tensor("C").values[from];
                }
            }
        }
    }
    return scan;
}

/* The tolerance that the project allows every backend: 1e-4 of the spread, here of the root mean square. */
TEST(golden_selective_scan) {
    const auto tensors = test::read_safetensors(EARSHOT_GOLDEN "/public-code/selective_scan.safetensors");
    for (const char *name : {"a", "b", "c", "d"}) {
        const PublicScan scan = public_scan(tensors, name);
        const int length = scan.problem.grid.length();
        std::vector<earshot::ScanPlan> plans = {earshot::PLAIN_SCAN};
        for (const earshot::ScanShape &shape : earshot::scan_shapes(scan.problem.states)) {
            plans.push_back({shape, 1, length, 1});
            if (length > 64) {
                plans.push_back({shape, (length + 63) / 64, 64, 1});
            }
        }
        for (const earshot::ScanPlan &plan : plans) {
            const double share = test::worst_share(run(scan.problem, plan), scan.expected);
            CHECK_THAT(share <= 1e-4,
                       std::string(name) + " " + describe(plan) + ": " + std::to_string(share * 1e6) + "e-6");
        }
    }
}
} // namespace
