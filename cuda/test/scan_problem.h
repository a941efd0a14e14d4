/* A selective scan or causal convolution of random numbers, and its formulas in double precision. */
#pragma once

#include <functional>
#include <vector>

#include "device_array.h"
#include "scan.h"

namespace test {

enum class Axis { TIME, FREQUENCY };

/* [batch, frames, bands], scanned along one of the two. */
struct Grid {
    Axis axis;
    int batch, frames, bands;

    int length() const { return axis == Axis::TIME ? frames : bands; }
    int sequences() const { return batch * (axis == Axis::TIME ? bands : frames); }
    std::int64_t tokens() const { return std::int64_t{batch} * frames * bands; }
    /* Where place t of a sequence lies, said without the strides that the kernels are given. */
    std::int64_t token(int sequence, int t) const;
    earshot::Sequences addresses() const;
};

struct ScanProblem {
    Grid grid;
    int inner, states, rank;

    std::int64_t dt_width() const { return (rank + 3) / 4 * 4; }
    std::int64_t state_width() const { return (states + 3) / 4 * 4; }

    std::vector<float> xz, u, x_projection, dt_weight, dt_bias, a, d;

    /* What the kernels are expected to compute, [tokens, 2, inner]. */
    std::vector<double> expected() const;
};

ScanProblem random_scan(const Grid &grid, int inner, int states, int rank, std::uint64_t seed);

using ScanFunction = std::function<cudaError_t(const earshot::SelectiveScan &)>;

/* Runs `function` with `scratch` floats of carry; every output starts as NaN. */
std::vector<float> run(const ScanProblem &problem, const ScanFunction &function, std::int64_t scratch);

struct ConvolutionProblem {
    Grid grid;
    int inner, taps;
    std::vector<float> x, weight, bias;

    std::vector<double> expected() const;
};

ConvolutionProblem random_convolution(const Grid &grid, int inner, int taps, std::uint64_t seed);
std::vector<float> run(const ConvolutionProblem &problem);

/* The greatest difference over the root mean square of what is expected; infinite where a value is not finite. */
double worst_share(const std::vector<float> &actual, const std::vector<double> &expected);

} // namespace test
