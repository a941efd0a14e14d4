/* The GRU through the boundary, against its formula in double precision. */
#include "compare.h"

namespace {

void compare(const test::GruShape &shape, std::int64_t batch, std::int64_t frames, std::int64_t bands,
             float spread = 1.5F) {
    test::Random random(static_cast<std::uint64_t>(shape.inputs * 131 + frames));
    const float scale = spread / std::sqrt(static_cast<float>(shape.inputs));
    const std::vector<float> weights = random.vector(shape.weight_count(), -scale, scale);
    const std::vector<float> x = random.vector(batch * frames * shape.inputs, -2.0F, 2.0F);
    test::compare(EARSHOT_LAYER_GRU, shape.numbers(), weights, x, test::gru(shape, weights, x, batch, frames),
                  test::SUMS, batch, frames, bands);
}

TEST(cuda_gru_sizes) {
    for (const std::int32_t hidden : {1, 2, 3, 8, 11, 16, 31, 63, 64, 65, 100}) {
        compare(test::GruShape{6, hidden}, 2, 5, 3);
    }
    /* Inputs in several parts, or nearly so. */
    for (const std::int32_t inputs : {127, 128, 132, 256}) {
        compare(test::GruShape{inputs, 9}, 1, 5, 1);
    }
    for (const std::int64_t frames : {1, 2, 17, 62}) {
        compare(test::GruShape{20, 9}, 3, frames, 4);
    }
    compare(test::GruShape{1024, 64}, 1, 20, 8);
}

/* More rows of weights than a block has threads. */
TEST(cuda_gru_rows_beyond_threads) {
    compare(test::GruShape{4, 350}, 1, 3, 1, 0.2F);
}

/* Gates that are wide open or shut. */
TEST(cuda_gru_saturated) {
    compare(test::GruShape{6, 5}, 1, 20, 1, 300.0F);
}

} // namespace
