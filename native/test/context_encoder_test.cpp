/* The context encoder against its formula. */
#include "compare.h"

namespace {

/* With a projection, and without: then the output is what would enter it. */
TEST(context_encoder) {
    for (const std::int32_t outputs : {32, 0}) {
        const test::ContextShape shape = {22, 16, 8, 16, outputs};
        test::Random random(8);
        const std::vector<float> weights = random.vector(shape.weight_count(), -1.0F, 1.0F);
        const std::vector<float> location = {0.0F, 21.0F, 5.0F};
        const std::vector<float> time = random.vector(3 * 8, -1.0F, 1.0F);
        test::Operation operation;
        CHECK(test::made({EARSHOT_LAYER_CONTEXT, shape.numbers(), weights}, {}, operation));
        CHECK(test::relative_error(test::run(operation.op, 1, location, time, 3, 1, 1),
                                   test::context_encoder(shape, weights, location, time)) <= test::ROUNDING);
    }
}

} // namespace
