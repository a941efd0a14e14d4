/* The linear layer against its formula. */
#include "compare.h"

namespace {

TEST(linear_layer) {
    for (const std::int32_t inputs : {1, 3, 16, 17, 64, 65}) {
        for (const std::int32_t relu : {0, 1}) {
            const std::int32_t outputs = 10;
            test::Random random(5);
            const std::vector<float> weights = random.vector(outputs * (inputs + 1), -1.0F, 1.0F);
            const std::vector<float> x = random.vector(3 * inputs, -1.0F, 1.0F);
            test::Operation operation;
            CHECK(test::made({EARSHOT_LAYER_LINEAR, {inputs, outputs, relu}, weights}, {}, operation));
            CHECK(test::relative_error(test::run(operation.op, 1, x, {}, 3, 1, 1),
                                       test::linear(inputs, outputs, relu == 1, weights, x, 3)) <= test::ROUNDING);
        }
    }
}

} // namespace
