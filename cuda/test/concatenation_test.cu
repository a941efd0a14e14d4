/* Concatenation through the boundary. */
#include "cuda_calls.h"

namespace {

TEST(cuda_concatenation) {
    const test::Operation operation(EARSHOT_LAYER_CONCATENATION, {3, 2}, {}, EARSHOT_PRECISION_FLOAT32);
    const std::vector<float> joined = test::run(operation.op, {1, 2, 3, 6, 7, 8}, {4, 5, 9, 10}, 2, 1, 1);
    CHECK(joined == (std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
}

} // namespace
