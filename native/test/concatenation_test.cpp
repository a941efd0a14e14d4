/* Concatenation. */
#include "cpu_calls.h"

namespace {

TEST(concatenation) {
    test::Operation operation;
    CHECK(test::made({EARSHOT_LAYER_CONCATENATION, {3, 2}, {}}, {}, operation));
    const std::vector<float> joined = test::run(operation.op, 2, {1, 2, 3, 6, 7, 8}, {4, 5, 9, 10}, 2, 1, 1);
    CHECK(joined == (std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
}

} // namespace
