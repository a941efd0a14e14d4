/* Linear layer, context encoder, global pool, against their formulas. Sums in double precision: only one rounding. */
#include <algorithm>

#include "operation.h"
#include "reference.h"

namespace {

constexpr double TOLERANCE = 1e-6;

std::size_t size(std::int64_t n) {
    return static_cast<std::size_t>(n);
}

test::Doubles affine(const float *weight, const float *bias, const test::Doubles &x, std::int64_t outputs) {
    test::Doubles y;
    for (std::int64_t o = 0; o < outputs; ++o) {
        double total = static_cast<double>(bias[o]);
        for (std::size_t i = 0; i < x.size(); ++i) {
            total += static_cast<double>(weight[size(o) * x.size() + i]) * x[i];
        }
        y.push_back(total);
    }
    return y;
}

TEST(linear_layer) {
    for (const std::int32_t inputs : {1, 3, 16, 17, 64, 65}) {
        for (const std::int32_t relu : {0, 1}) {
            const std::int32_t outputs = 10;
            test::Random random(5);
            const std::vector<float> weights = random.vector(outputs * (inputs + 1), -1.0F, 1.0F);
            const std::vector<float> x = random.vector(3 * inputs, -1.0F, 1.0F);
            test::Doubles expected;
            for (int b = 0; b < 3; ++b) {
                for (const double y :
                     affine(weights.data(), weights.data() + outputs * inputs,
                            test::Doubles(x.begin() + b * inputs, x.begin() + (b + 1) * inputs), outputs)) {
                    expected.push_back(relu == 1 && y < 0 ? 0 : y);
                }
            }
            test::Operation operation;
            CHECK(test::made({EARSHOT_LAYER_LINEAR, {inputs, outputs, relu}, weights}, {}, operation));
            CHECK(test::relative_error(test::run(operation.op, 1, x, {}, 3, 1, 1), expected) <= TOLERANCE);
        }
    }
}

TEST(global_pool) {
    for (const std::int32_t c : {1, 7, 16, 33, 64}) {
        test::Random random(6);
        const std::vector<float> x = random.vector(2 * 19 * 5 * c, -1.0F, 3.0F);
        test::Doubles mean(size(2 * c), 0.0);
        test::Doubles maximum(mean.size(), -INFINITY);
        for (std::size_t i = 0; i < x.size(); ++i) {
            const std::size_t to = i / (19 * 5 * size(c)) * size(c) + i % size(c);
            mean[to] += static_cast<double>(x[i]) / (19 * 5);
            maximum[to] = std::max(maximum[to], static_cast<double>(x[i]));
        }
        for (const std::int32_t pool : {EARSHOT_POOL_MEAN, EARSHOT_POOL_MAX}) {
            test::Operation operation;
            CHECK(test::made({EARSHOT_LAYER_GLOBAL_POOL, {c, pool}, {}}, {}, operation));
            const std::vector<float> one = test::run(operation.op, 1, x, {}, 2, 19, 5);
            CHECK(test::relative_error(one, pool == EARSHOT_POOL_MEAN ? mean : maximum) <= TOLERANCE);
            CHECK(test::same_bits(one, test::run(operation.op, 3, x, {}, 2, 19, 5)));
        }
    }
}

/* Whichever the order, and whether among the bands or the frames. */
TEST(global_pool_lets_nan_through) {
    for (const std::int32_t pool : {EARSHOT_POOL_MEAN, EARSHOT_POOL_MAX}) {
        test::Operation operation;
        CHECK(test::made({EARSHOT_LAYER_GLOBAL_POOL, {1, pool}, {}}, {}, operation));
        for (std::size_t i = 0; i < 6; ++i) {
            std::vector<float> x = {1, 2, 3, 4, 5, 6};
            x[i] = NAN;
            CHECK(std::isnan(test::run(operation.op, 1, x, {}, 1, 3, 2)[0]));
        }
    }
}

/* With a projection, and without: then the output is what would enter it. */
TEST(context_encoder) {
    test::Random random(8);
    const std::vector<float> weights = random.vector(22 * 16 + 16 * 8 + 16 + 32 * 32 + 32, -1.0F, 1.0F);
    const std::vector<float> location = {0.0F, 21.0F, 5.0F};
    const std::vector<float> time = random.vector(3 * 8, -1.0F, 1.0F);
    const float *mapping = weights.data() + 22 * 16;
    const float *projection = mapping + 16 * 8 + 16;
    test::Doubles expected;
    test::Doubles unprojected;
    for (std::size_t b = 0; b < 3; ++b) {
        const float *row = weights.data() + static_cast<std::ptrdiff_t>(location[b]) * 16;
        test::Doubles both(row, row + 16);
        const auto start = time.begin() + static_cast<std::ptrdiff_t>(b) * 8;
        for (const double y : affine(mapping, mapping + 16 * 8, test::Doubles(start, start + 8), 16)) {
            both.push_back(y < 0 ? 0 : y);
        }
        unprojected.insert(unprojected.end(), both.begin(), both.end());
        for (const double y : affine(projection, projection + 32 * 32, both, 32)) {
            expected.push_back(y);
        }
    }
    for (const std::int32_t outputs : {32, 0}) {
        const auto end = outputs == 0 ? weights.begin() + 22 * 16 + 16 * 8 + 16 : weights.end();
        test::Operation operation;
        CHECK(test::made({EARSHOT_LAYER_CONTEXT, {22, 16, 8, 16, outputs}, {weights.begin(), end}}, {}, operation));
        CHECK(test::relative_error(test::run(operation.op, 1, location, time, 3, 1, 1),
                                   outputs == 0 ? unprojected : expected) <= TOLERANCE);
    }
}

} // namespace
