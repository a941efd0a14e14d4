/* The GRU against its formula. */
#include "compare.h"

namespace {

void compare(const test::GruShape &shape, std::int64_t batch, std::int64_t frames, std::int64_t bands,
             float spread = 1.5F) {
    test::Random random(static_cast<std::uint64_t>(shape.inputs * 131 + frames));
    const float scale = spread / std::sqrt(static_cast<float>(shape.inputs));
    const std::vector<float> weights = random.vector(shape.weight_count(), -scale, scale);
    const std::vector<float> x = random.vector(batch * frames * shape.inputs, -2.0F, 2.0F);
    test::compare({EARSHOT_LAYER_GRU, shape.numbers(), weights}, x, test::gru(shape, weights, x, batch, frames),
                  test::SUMS, batch, frames, bands);
}

TEST(gru_sizes) {
    for (const std::int32_t hidden : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65}) {
        compare(test::GruShape{6, hidden}, 2, 5, 3);
    }
    for (const std::int64_t frames : {1, 2, 15, 16, 17, 62}) {
        compare(test::GruShape{20, 9}, 3, frames, 4);
    }
    compare(test::GruShape{1024, 64}, 1, 20, 8);
}

/* Gates that are wide open or shut. */
TEST(gru_saturated) {
    compare(test::GruShape{6, 5}, 1, 20, 1, 300.0F);
}

} // namespace
