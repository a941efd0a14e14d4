#include "scan_problem.h"

#include <cmath>
#include <limits>

#include "harness.h"

namespace test {
namespace {

std::size_t index(std::int64_t i) {
    return static_cast<std::size_t>(i);
}

double silu_of(double x) {
    return x / (1 + std::exp(-x));
}

} // namespace

std::int64_t Grid::token(int sequence, int t) const {
    const int across = axis == Axis::TIME ? bands : frames;
    const std::int64_t b = sequence / across;
    const std::int64_t frame = axis == Axis::TIME ? t : sequence % across;
    const std::int64_t band = axis == Axis::TIME ? sequence % across : t;
    return (b * frames + frame) * bands + band;
}

earshot::Sequences Grid::addresses() const {
    return axis == Axis::TIME ? earshot::Sequences::along_time(batch, frames, bands)
                              : earshot::Sequences::along_frequency(batch, frames, bands);
}

std::vector<double> ScanProblem::expected() const {
    std::vector<double> y(index(grid.tokens() * 2 * inner));
    const std::int64_t width = dt_width() + 2 * state_width();
    std::vector<double> h(index(states));
    for (int sequence = 0; sequence < grid.sequences(); ++sequence) {
        for (int direction = 0; direction < 2; ++direction) {
            for (int c = 0; c < inner; ++c) {
                std::fill(h.begin(), h.end(), 0.0);
                for (int i = 0; i < grid.length(); ++i) {
                    const std::int64_t row =
                        grid.token(sequence, direction == 0 ? i : grid.length() - 1 - i) * 2 + direction;
                    double step = dt_bias[index(direction * inner + c)];
                    for (int r = 0; r < rank; ++r) {
                        step += static_cast<double>(dt_weight[index((direction * rank + r) * inner + c)]) *
                                x_projection[index(row * width + r)];
                    }
                    const double delta = std::log1p(std::exp(step));
                    const double input = u[index(row * inner + c)];
                    double sum = d[index(direction * inner + c)] * input;
                    for (int n = 0; n < states; ++n) {
                        const double b = x_projection[index(row * width + dt_width() + n)];
                        const double out = x_projection[index(row * width + dt_width() + state_width() + n)];
                        double &state = h[index(n)];
                        state = std::exp2(delta * a[index((direction * states + n) * inner + c)]) * state +
                                delta * input * b;
                        sum += out * state;
                    }
                    y[index(row * inner + c)] = sum * silu_of(xz[index(row * 2 * inner + inner + c)]);
                }
            }
        }
    }
    return y;
}

ScanProblem random_scan(const Grid &grid, int inner, int states, int rank, std::uint64_t seed) {
    Random random(seed);
    ScanProblem p = {grid, inner, states, rank, {}, {}, {}, {}, {}, {}, {}};
    const std::int64_t rows = grid.tokens() * 2;
    const std::int64_t width = p.dt_width() + 2 * p.state_width();
    p.xz = random.vector(rows * 2 * inner, -3.0F, 3.0F);
    p.u = random.vector(rows * inner, -1.0F, 2.0F);
    p.x_projection = random.vector(rows * width, -1.0F, 1.0F);
    for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t i = rank; i < width; ++i) {
            const bool padding = i < p.dt_width() || (i - p.dt_width()) % p.state_width() >= states;
            if (padding) {
                p.x_projection[index(row * width + i)] = 0.0F;
            }
        }
    }
    /* Steps from about 0.01 to 1, rates from 0.5 to the number of states: memories from one token to hundreds. */
    const float spread = 1.0F / std::sqrt(static_cast<float>(rank));
    p.dt_weight = random.vector(2 * rank * inner, -spread, spread);
    p.dt_bias = random.vector(2 * inner, -4.0F, 0.0F);
    for (int i = 0; i < 2 * states * inner; ++i) {
        const float rate = static_cast<float>(i / inner % states) + random.uniform(0.5F, 1.5F);
        p.a.push_back(-rate * 1.44269504F);
    }
    p.d = random.vector(2 * inner, 0.5F, 1.5F);
    return p;
}

std::vector<float> run(const ScanProblem &problem, const ScanFunction &function, std::int64_t scratch) {
    const DeviceArray xz(problem.xz);
    const DeviceArray u(problem.u);
    const DeviceArray x_projection(problem.x_projection);
    const DeviceArray dt_weight(problem.dt_weight);
    const DeviceArray dt_bias(problem.dt_bias);
    const DeviceArray a(problem.a);
    const DeviceArray d(problem.d);
    const DeviceArray y(problem.grid.tokens() * 2 * problem.inner);
    const DeviceArray carry(scratch + 1); /* an allocation of nothing is null */
    const earshot::SelectiveScan scan = {
        problem.grid.addresses(),
        problem.inner,
        problem.states,
        problem.rank,
        static_cast<std::int32_t>(problem.dt_width()),
        static_cast<std::int32_t>(problem.state_width()),
        xz.span().part(problem.inner, static_cast<std::int64_t>(problem.xz.size()) - problem.inner),
        2,
        false,
        u.span(),
        x_projection.span(),
        dt_weight.span(),
        dt_bias.span(),
        a.span(),
        d.span(),
        y.span(),
        carry.span().part(0, scratch),
        {},
        {},
        {}};
    require(function(scan), "enqueueing the scan");
    return y.values();
}

std::vector<double> ConvolutionProblem::expected() const {
    std::vector<double> u(index(grid.tokens() * 2 * inner));
    for (int sequence = 0; sequence < grid.sequences(); ++sequence) {
        for (int direction = 0; direction < 2; ++direction) {
            for (int t = 0; t < grid.length(); ++t) {
                const int sign = direction == 0 ? 1 : -1;
                for (int c = 0; c < inner; ++c) {
                    double sum = bias[index(direction * inner + c)];
                    for (int k = 0; k < taps; ++k) {
                        const int from = t - sign * (taps - 1 - k);
                        if (from >= 0 && from < grid.length()) {
                            const std::int64_t row = grid.token(sequence, from) * 2 + direction;
                            sum += static_cast<double>(weight[index((direction * taps + k) * inner + c)]) *
                                   x[index(row * 2 * inner + c)];
                        }
                    }
                    u[index((grid.token(sequence, t) * 2 + direction) * inner + c)] = silu_of(sum);
                }
            }
        }
    }
    return u;
}

ConvolutionProblem random_convolution(const Grid &grid, int inner, int taps, std::uint64_t seed) {
    Random random(seed);
    ConvolutionProblem p = {grid, inner, taps, {}, {}, {}};
    p.x = random.vector(grid.tokens() * 4 * inner, -2.0F, 2.0F);
    p.weight = random.vector(2 * taps * inner, -1.0F, 1.0F);
    p.bias = random.vector(2 * inner, -1.0F, 1.0F);
    return p;
}

std::vector<float> run(const ConvolutionProblem &problem) {
    const DeviceArray x(problem.x);
    const DeviceArray weight(problem.weight);
    const DeviceArray bias(problem.bias);
    const DeviceArray u(problem.grid.tokens() * 2 * problem.inner);
    const earshot::CausalConvolution convolution = {
        problem.grid.addresses(), problem.inner, problem.taps, x.span(), weight.span(), bias.span(), u.span()};
    require(earshot::enqueue(convolution, nullptr), "enqueueing the convolution");
    return u.values();
}

double worst_share(const std::vector<float> &actual, const std::vector<double> &expected) {
    double squares = 0;
    double worst = actual.size() == expected.size() ? 0 : std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < expected.size() && i < actual.size(); ++i) {
        const double difference = std::fabs(static_cast<double>(actual[i]) - expected[i]);
        worst = difference <= worst      ? worst
                : std::isnan(difference) ? std::numeric_limits<double>::infinity()
                                         : difference;
        squares += expected[i] * expected[i];
    }
    return worst / std::sqrt(squares / static_cast<double>(expected.size()));
}

} // namespace test
