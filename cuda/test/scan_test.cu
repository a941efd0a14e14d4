/*
 * The causal convolution and every variant of the selective scan against their formulas in double precision, and
 * against what public code computed.
 *
 * Tolerances, relative to the root mean square of what is expected. A value is a few times that, and 2^-23 is a
 * rounding error and the next one; each of T states in a row, each of N or taps terms of a sum adds one, and softplus,
 * exp2 and SiLU together fewer than 16.
 */
#include <string>

#include "harness.h"
#include "scan_problem.h"
#include "scan_variants.h"

namespace {

using test::Axis;
using test::Grid;

/* Runs `body` with the threads in each of the execution layer's orders; once on a device, which knows its own. */
template <class Body> void in_every_order(Body body) {
#ifdef EARSHOT_EMULATION
    using earshot::emulation::Order;
    for (const auto &[order, name] : {std::pair{Order::forward, " forward"}, std::pair{Order::reverse, " reverse"},
                                      std::pair{Order::shuffle, " shuffled"}}) {
        earshot::emulation::set_order(order);
        body(name);
    }
#else
    body("");
#endif
}

std::string describe(const Grid &grid) {
    return std::string(grid.axis == Axis::time ? "time " : "frequency ") + std::to_string(grid.batch) + "x" +
           std::to_string(grid.frames) + "x" + std::to_string(grid.bands);
}

/* Lengths about the run of 16 tokens and its steps of 4; sequences that are not neighbours in memory and ones that are. */
TEST(causal_convolution_agrees_with_its_formula) {
    const Grid grids[] = {{Axis::time, 1, 1, 1},  {Axis::time, 2, 15, 3},      {Axis::time, 1, 16, 2},
                          {Axis::time, 1, 17, 2}, {Axis::frequency, 2, 3, 31}, {Axis::frequency, 1, 2, 35}};
    in_every_order([&](const std::string &order) {
        std::uint64_t seed = 1;
        for (const Grid &grid : grids) {
            for (int taps = 1; taps <= 8; ++taps) {
                const int inner = (taps * 7 + grid.length()) % 3 == 0 ? 4 * taps : 4 * taps + 1;
                const test::ConvolutionProblem problem = test::random_convolution(grid, inner, taps, ++seed);
                const double share = test::worst_share(test::run(problem), problem.expected());
                CHECK_THAT(share <= (16 + taps) * 0x1p-23, describe(grid) + " taps " + std::to_string(taps) + " inner " +
                                                               std::to_string(inner) + order + ": " +
                                                               std::to_string(share * 1e6) + "e-6");
            }
        }
    });
}

TEST(causal_convolution_refuses_what_it_has_no_kernel_for) {
    test::ConvolutionProblem problem = test::random_convolution({Axis::time, 1, 2, 1}, 4, 8, 1);
    earshot::CausalConvolution convolution = {problem.grid.addresses(), problem.inner, 9, {}, {}, {}, {}};
    CHECK(earshot::enqueue(convolution, nullptr) == cudaErrorInvalidValue);
    convolution.taps = 0;
    CHECK(earshot::enqueue(convolution, nullptr) == cudaErrorInvalidValue);
}

struct Size {
    Grid grid;
    int inner, states, rank;
};

double tolerance(const Size &size) { return (16 + size.states + size.rank + size.grid.length()) * 0x1p-23; }

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
    const Size sizes[] = {{{Axis::time, 1, 1, 1}, 1, 1, 1},        {{Axis::time, 2, 9, 3}, 33, 5, 3},
                          {{Axis::frequency, 2, 3, 31}, 8, 16, 4}, {{Axis::time, 1, 40, 1}, 130, 17, 9},
                          {{Axis::frequency, 1, 1, 2}, 3, 256, 1}, {{Axis::time, 1, 300, 1}, 2, 16, 4}};
    in_every_order([&](const std::string &order) {
        std::uint64_t seed = 100;
        for (const Size &size : sizes) {
            const test::ScanProblem problem =
                test::random_scan(size.grid, size.inner, size.states, size.rank, ++seed);
            const auto plain = [](const earshot::SelectiveScan &scan) {
                return earshot::enqueue_plain(scan, nullptr);
            };
            require_close(size, "plain" + order, test::run(problem, plain, 0), problem.expected());
        }
    });
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

/* Every shape that the states have, in one launch; one and several sequences a block. Lengths about the groups of 4 and
   8 tokens and the chunk of 32; channels about the tiles of 32, 64, 128 and 256. */
TEST(fast_scan_agrees_with_its_formula) {
    const Size sizes[] = {{{Axis::time, 1, 1, 1}, 1, 1, 1},         {{Axis::time, 1, 9, 3}, 33, 4, 3},
                          {{Axis::frequency, 1, 3, 31}, 64, 16, 4}, {{Axis::time, 1, 40, 2}, 130, 13, 9},
                          {{Axis::frequency, 2, 2, 33}, 20, 7, 5},  {{Axis::time, 1, 65, 1}, 129, 16, 2},
                          {{Axis::frequency, 1, 5, 8}, 31, 8, 4},   {{Axis::time, 2, 67, 1}, 7, 30, 4},
                          {{Axis::frequency, 1, 2, 7}, 35, 64, 4},  {{Axis::time, 1, 100, 1}, 4, 33, 6},
                          {{Axis::time, 1, 4, 3}, 257, 3, 4}};
    in_every_order([&](const std::string &order) {
        std::uint64_t seed = 200;
        for (const Size &size : sizes) {
            const test::ScanProblem problem = test::random_scan(size.grid, size.inner, size.states, size.rank, ++seed);
            const std::vector<double> expected = problem.expected();
            for (const earshot::ScanShape &shape : earshot::scan_shapes(size.states)) {
                for (const int each : {1, 2}) {
                    const earshot::ScanPlan plan = {shape, 1, size.grid.length(), each};
                    require_close(size, describe(plan) + order, run(problem, plan), expected);
                }
            }
        }
    });
}

/* Segments of whole chunks, the last one shorter; the states of the first must reach the end of the last. */
TEST(segmented_scan_agrees_with_its_formula) {
    const Size sizes[] = {{{Axis::time, 1, 65, 1}, 5, 4, 1},   {{Axis::time, 1, 150, 2}, 33, 16, 4},
                          {{Axis::time, 1, 97, 1}, 9, 7, 5},   {{Axis::frequency, 2, 1, 130}, 3, 11, 9},
                          {{Axis::time, 1, 128, 1}, 2, 20, 2}, {{Axis::time, 1, 99, 1}, 3, 40, 3}};
    in_every_order([&](const std::string &order) {
        std::uint64_t seed = 300;
        for (const Size &size : sizes) {
            const test::ScanProblem problem = test::random_scan(size.grid, size.inner, size.states, size.rank, ++seed);
            const std::vector<double> expected = problem.expected();
            for (const earshot::ScanShape &shape : earshot::scan_shapes(size.states)) {
                for (const int length : {32, 64}) {
                    const int segments = (size.grid.length() + length - 1) / length;
                    const earshot::ScanPlan plan = {shape, segments, length, 1 + length / 64};
                    require_close(size, describe(plan) + order, run(problem, plan), expected);
                }
            }
        }
    });
}
} // namespace
