/* Batches beyond what kernels count in 32 bits, or a grid holds: run in parts, they give what the whole would. */
#include <algorithm>
#include <numeric>

#include "cuda_calls.h"
#include "errors.h"
#include "layer_kinds.h"
#include "parts.h"
#include "reference.h"

namespace {

/* Parts as small as this, where devices need 2^31 floats or 65,535 clips. */
class SmallParts {
  public:
    SmallParts(std::int64_t floats, std::int64_t clips) { earshot::limit_parts(floats, clips); }
    ~SmallParts() { earshot::limit_parts(0, 0); }
    SmallParts(const SmallParts &) = delete;
    SmallParts &operator=(const SmallParts &) = delete;
};

/* A small layer of one kind, and the size of a clip. */
struct Case {
    std::int32_t kind;
    std::vector<std::int32_t> numbers;
    std::vector<float> weights;
    std::int64_t frames, bands;
    std::int64_t floats0, floats1; /* of the inputs, a clip */
};

std::vector<float> weights(std::int64_t count) {
    return test::Random(3).vector(count, -0.4F, 0.4F);
}

template <class Shape>
Case block(std::int32_t kind, const Shape &shape, std::int64_t frames, std::int64_t bands, std::int32_t channels) {
    return {kind, shape.numbers(), weights(shape.weight_count()), frames, bands, frames * bands * channels, 0};
}

/* At least one of each kind. */
std::vector<Case> cases() {
    const test::MambaShape path = {EARSHOT_AXIS_TIME, EARSHOT_NORM_CONDITIONAL, 5, 1, 8, 16, 4, 1, 4};
    const test::MambaShape other = {EARSHOT_AXIS_FREQUENCY, EARSHOT_NORM_LAYER, 0, 1, 8, 16, 4, 1, 4};
    return {
        {EARSHOT_LAYER_LINEAR, {3, 2, 0}, weights(8), 1, 1, 3, 0},
        {EARSHOT_LAYER_GLOBAL_POOL, {5, EARSHOT_POOL_MEAN}, {}, 4, 3, 60, 0},
        {EARSHOT_LAYER_CONTEXT, {3, 2, 4, 3, 6}, weights(6 + 15 + 36), 1, 1, 1, 4},
        block(EARSHOT_LAYER_DENSE_ENCODER, test::EncoderShape::paper(4, 2), 5, 9, 1),
        {EARSHOT_LAYER_MAMBA_PATH, path.numbers(), test::mamba_weights(path, 7), 9, 3, 9 * 3 * 8, 5},
        {EARSHOT_LAYER_MAMBA_PATH, other.numbers(), test::mamba_weights(other, 7), 3, 6, 3 * 6 * 8, 0},
        {EARSHOT_LAYER_BAND_NORM, {6}, weights(12), 4, 6, 24, 0},
        block(EARSHOT_LAYER_SQUEEZE_EXCITATION, test::SqueezeShape{3, 4, 2, 1, {1, 2}}, 6, 5, 3),
        {EARSHOT_LAYER_TOKEN_POOL, {4, 2}, {}, 6, 3, 72, 0},
        block(EARSHOT_LAYER_TRANSFORMER, test::TransformerShape{6, 2, 8}, 5, 1, 6),
        {EARSHOT_LAYER_CONCATENATION, {3, 2}, {}, 1, 1, 3, 2},
        block(EARSHOT_LAYER_RESIDUAL_SEPARABLE, test::SeparableShape{3, 4, 1}, 6, 5, 3),
        block(EARSHOT_LAYER_GRU, test::GruShape{5, 4}, 6, 1, 5),
        {EARSHOT_LAYER_GATED_FUSION, {5}, weights(90), 1, 1, 5, 0},
        /* Two bands of three bins of a transform of 16 points. */
        {EARSHOT_LAYER_LOG_MEL,
         {16, 16, 8, 2, 20, EARSHOT_PAD_REFLECT, 0, 3, 2, 3},
         {1, 1, 1, 1, 1, 1, 80},
         100,
         1,
         100,
         0},
    };
}

constexpr std::int64_t BATCH = 7;

std::vector<float> input(const Case &c) {
    if (c.kind == EARSHOT_LAYER_CONTEXT) {
        return {0, 1, 2, 1, 0, 2, 2}; /* rows of the embedding */
    }
    return test::Random(5).vector(BATCH * c.floats0, -1.0F, 1.0F);
}

std::vector<float> run(const Case &c, const test::Operation &operation) {
    return test::run(operation.op, input(c), test::Random(6).vector(BATCH * c.floats1, -1.0F, 1.0F), BATCH, c.frames,
                     c.bands);
}

std::int64_t largest(const earshot_cuda_op &op, const earshot::Extents &e) {
    return std::max({op.input0_floats(e), op.input1_floats(e), op.output_floats(e), op.scratch_floats(e)});
}

} // namespace

TEST(emulation_parts_are_tried_of_every_kind) {
    const std::vector<Case> all = cases();
    for (const std::int32_t kind : earshot::ALL_LAYER_KINDS) {
        CHECK_THAT(std::any_of(all.begin(), all.end(), [&](const Case &c) { return c.kind == kind; }),
                   "kind " + std::to_string(kind));
    }
}

TEST(emulation_parts_give_what_the_whole_would) {
    for (const Case &c : cases()) {
        const std::string kind = "kind " + std::to_string(c.kind);
        const test::Operation operation(c.kind, c.numbers, c.weights, EARSHOT_PRECISION_FLOAT32);
        const std::vector<float> whole = run(c, operation);
        const test::Doubles expected(whole.begin(), whole.end());
        const auto parts = [&] { return earshot::parts_of(*operation.op, {BATCH, c.frames, c.bands}).count(); };
        CHECK_THAT(parts() == 1, kind);
        for (const std::int64_t clips : {1, 2, 3, 6}) {
            const SmallParts small(0, clips);
            CHECK_THAT(parts() == (BATCH + clips - 1) / clips, kind);
            /* A part may be cut among blocks, or scanned, otherwise than the whole: a sum's order is not fixed. */
            CHECK_THAT(test::relative_error(run(c, operation), expected) < 1e-5, kind);
        }
        const SmallParts small(largest(*operation.op, {3, c.frames, c.bands}), 0);
        CHECK_THAT(parts() == 3, kind + ": " + std::to_string(parts()) + " parts");
        CHECK_THAT(test::relative_error(run(c, operation), expected) < 1e-5, kind);
    }
}

/* Sizes that no emulation runs: that each part can be counted, and that together they are the batch. */
TEST(emulation_parts_of_any_batch_can_be_counted) {
    for (const Case &c : cases()) {
        const test::Operation operation(c.kind, c.numbers, c.weights, EARSHOT_PRECISION_FLOAT32);
        for (const std::int64_t batch :
             {std::int64_t{65535}, std::int64_t{65536}, std::int64_t{1} << 24, std::int64_t{INT32_MAX}}) {
            for (const std::int64_t longer : {1, 50}) {
                const bool flat = c.frames * c.bands == 1;
                const earshot::Extents whole = {batch, flat ? 1 : c.frames * longer, c.bands};
                const earshot::Parts parts = earshot::parts_of(*operation.op, whole);
                const std::string text = "kind " + std::to_string(c.kind) + ", batch " + std::to_string(batch) + ", " +
                                         std::to_string(parts.count()) + " parts of " + std::to_string(parts.clips);
                const earshot::Extents last = parts.part(parts.count() - 1);
                CHECK_THAT((parts.count() - 1) * parts.clips + last.batch == batch && last.batch >= 1, text);
                CHECK_THAT(parts.clips <= 65535 && last.batch <= parts.clips, text);
                CHECK_THAT(largest(*operation.op, parts.part(0)) <= INT32_MAX, text);
                CHECK_THAT(largest(*operation.op, last) <= INT32_MAX, text);
                std::int64_t scratch = 0;
                CHECK(earshot_cuda_op_scratch(operation.op, batch, whole.frames, whole.bands, &scratch) ==
                      EARSHOT_CUDA_OK);
                CHECK_THAT(scratch <= INT32_MAX, text);
            }
        }
    }
}

/* One more clip than a grid's second dimension has blocks. */
TEST(emulation_a_batch_beyond_a_grid) {
    constexpr std::int64_t CLIPS = 65536;
    const test::Operation linear(EARSHOT_LAYER_LINEAR, {1, 1, 0}, {2, 1}, EARSHOT_PRECISION_FLOAT32);
    std::vector<float> x(CLIPS);
    std::iota(x.begin(), x.end(), 0.0F);
    const std::vector<float> y = test::run(linear.op, x, {}, CLIPS, 1, 1);
    std::int64_t wrong = 0;
    for (std::int64_t i = 0; i < CLIPS; ++i) {
        wrong += y[static_cast<std::size_t>(i)] == static_cast<float>(2 * i + 1) ? 0 : 1;
    }
    CHECK(wrong == 0);
}
