/* Wrong arguments at every exported function: a status and a text, nothing written, no crash. */
#include <chrono>
#include <cstring>
#include <iterator>
#include <thread>

#include "errors.h"
#include "examples.h"
#include "layer_kinds.h"
#include "reference.h"

namespace {

/* Kinds are numbered from 1 on. */
constexpr std::int32_t KINDS = static_cast<std::int32_t>(std::size(earshot::ALL_LAYER_KINDS));

constexpr std::int64_t EXTREMES[] = {INT64_MIN, -1, 0, 1, 2, 1 << 20, INT32_MAX, std::int64_t{1} << 40, INT64_MAX};

std::int64_t any_number(test::Random &random) {
    return random.bits() % 4 == 0 ? EXTREMES[random.bits() % 9] : static_cast<std::int64_t>(random.bits() % 12);
}

std::int32_t any_size(test::Random &random) {
    constexpr std::int32_t SIZES[] = {INT32_MIN, -1, 0, 1, 3, 1000, 1 << 20, INT32_MAX};
    return SIZES[random.bits() % 8];
}

void require_refused(earshot_cpu_status status) {
    CHECK(status != EARSHOT_CPU_OK);
    CHECK(earshot_cpu_last_error()[0] != '\0');
}

TEST(boundary_isa) {
    CHECK(earshot_cpu_abi() == EARSHOT_CPU_ABI);
    CHECK(earshot_cpu_isa_available(earshot_cpu_isa_best()) == 1);
    for (const std::int32_t isa : {INT32_MIN, -2, 3, INT32_MAX}) {
        CHECK(earshot_cpu_isa_available(isa) == 0);
        CHECK(std::string(earshot_cpu_isa_name(isa)) == "unknown");
        earshot_cpu_op *op = nullptr;
        require_refused(test::create({EARSHOT_LAYER_GLOBAL_POOL, {4, 0}, {}}, {isa}, &op));
        CHECK(op == nullptr);
    }
    CHECK(earshot_cpu_op_isa(nullptr) == -1);
}

TEST(boundary_null_handles) {
    earshot_cpu_op_destroy(nullptr);
    earshot_cpu_team_destroy(nullptr);
    std::int64_t floats = 0;
    require_refused(earshot_cpu_op_scratch(nullptr, 1, 1, 1, 1, &floats));
    require_refused(earshot_cpu_op_output(nullptr, 1, 1, 1, &floats));
    require_refused(earshot_cpu_op_run(nullptr, nullptr, nullptr, 0, nullptr, 0, nullptr, 0, nullptr, 0, 1, 1, 1));
    require_refused(earshot_cpu_team_create(1, nullptr));
    earshot_cpu_team *team = nullptr;
    for (const std::int32_t threads : {INT32_MIN, -1, 0, 8193, INT32_MAX}) {
        require_refused(earshot_cpu_team_create(threads, &team));
        CHECK(team == nullptr);
    }
}

/* Numbers and counts that do not fit together; each is refused before a weight is read or memory is asked for. */
TEST(boundary_random_creations) {
    test::Random random(11);
    const std::vector<float> weights(64, 0.5F);
    int made = 0;
    for (int i = 0; i < 200000; ++i) {
        earshot_cpu_op *op = nullptr;
        std::vector<std::int32_t> numbers(random.bits() % (random.bits() % 8 == 0 ? 22 : 7));
        const bool small = random.bits() % 2 == 0;
        for (std::int32_t &number : numbers) {
            number = small ? static_cast<std::int32_t>(random.bits() % 4) : any_size(random);
        }
        const std::int32_t kind = static_cast<std::int32_t>(random.bits() % (KINDS + 2)) - 1;
        const earshot_cpu_status status = earshot_cpu_op_create(
            kind, random.bits() % 16 == 0 ? nullptr : numbers.data(), static_cast<std::int64_t>(numbers.size()),
            random.bits() % 16 == 0 ? nullptr : weights.data(),
            static_cast<std::int64_t>(random.bits() % (random.bits() % 2 == 0 ? 65 : 9)),
            static_cast<std::int32_t>(random.bits() % 5) - 1, static_cast<std::int32_t>(random.bits() % 4) - 1, &op);
        CHECK((status == EARSHOT_CPU_OK) == (op != nullptr));
        CHECK(status == EARSHOT_CPU_OK || earshot_cpu_last_error()[0] != '\0');
        made += op != nullptr ? 1 : 0;
        earshot_cpu_op_destroy(op);
    }
    CHECK(made > 5);
}

void require_text(const test::Packed &layer, const char *text) {
    earshot_cpu_op *op = nullptr;
    CHECK(test::create(layer, {}, &op) == EARSHOT_CPU_INVALID_ARGUMENT);
    CHECK(op == nullptr);
    CHECK_THAT(std::strstr(earshot_cpu_last_error(), text) != nullptr, earshot_cpu_last_error());
}

TEST(boundary_kinds) {
    for (const std::int32_t kind : {INT32_MIN, -1, 0, KINDS + 1, INT32_MAX}) {
        require_text({kind, {1, 1, 0}, {1, 1}}, "kind: ");
    }
    require_refused(earshot_cpu_op_create(EARSHOT_LAYER_GLOBAL_POOL, nullptr, 0, nullptr, 0, -1, 0, nullptr));
    for (const std::int64_t count : {INT64_MIN, std::int64_t{-1}, INT64_MAX}) {
        const std::int32_t numbers[] = {1, 1, 0};
        const float weights[] = {1, 1};
        earshot_cpu_op *op = nullptr;
        require_refused(earshot_cpu_op_create(EARSHOT_LAYER_LINEAR, numbers, count, weights, 2, -1, 0, &op));
        require_refused(earshot_cpu_op_create(EARSHOT_LAYER_LINEAR, numbers, 3, weights, count, -1, 0, &op));
        require_refused(earshot_cpu_op_create(EARSHOT_LAYER_DENSE_ENCODER, numbers, count, weights, 2, -1, 0, &op));
    }
}

/* One wrong thing at a time, for each kind: the text names it. */
TEST(boundary_wrong_numbers) {
    for (const test::Packed &right : test::examples()) {
        test::Operation operation;
        CHECK(test::made(right, {}, operation));
        test::Packed wrong = right;
        wrong.numbers.push_back(1);
        require_text(wrong, "numbers: ");
        wrong.numbers.resize(right.numbers.size() - 1);
        require_text(wrong, "numbers: ");
        wrong.numbers.clear();
        require_text(wrong, "numbers: ");
        for (std::size_t i = 0; i < right.numbers.size(); ++i) {
            for (const std::int32_t number : {INT32_MIN, -1}) {
                wrong.numbers = right.numbers;
                wrong.numbers[i] = number;
                require_text(wrong, ": ");
            }
            /* Some numbers may be as large as they like; nothing is reserved for them. */
            wrong.numbers[i] = INT32_MAX;
            earshot_cpu_op *op = nullptr;
            CHECK((test::create(wrong, {}, &op) == EARSHOT_CPU_OK) == (op != nullptr));
            earshot_cpu_op_destroy(op);
        }
        wrong = right;
        wrong.weights.push_back(1);
        require_text(wrong, "weights: ");
        if (!right.weights.empty()) {
            wrong.weights.resize(right.weights.size() - 1);
            require_text(wrong, "weights: ");
            earshot_cpu_op *op = nullptr;
            require_refused(earshot_cpu_op_create(right.kind, right.numbers.data(),
                                                  static_cast<std::int64_t>(right.numbers.size()), nullptr,
                                                  static_cast<std::int64_t>(right.weights.size()), -1, 0, &op));
        }
    }
    require_text({EARSHOT_LAYER_LINEAR, {1, 1, 2}, {1, 1}}, "relu");
    require_text({EARSHOT_LAYER_GLOBAL_POOL, {1, 2}, {}}, "pool");
    require_text({EARSHOT_LAYER_SQUEEZE_EXCITATION, {1, 1, 1, 2, 1, 1}, {}}, "pooled");
    require_text({EARSHOT_LAYER_SQUEEZE_EXCITATION, {1, 1, 1, 0, 0}, {}}, "scales");
    require_text({EARSHOT_LAYER_SQUEEZE_EXCITATION, {1, 1, 1, 0, 2, 1}, {}}, "numbers");
    require_text({EARSHOT_LAYER_SQUEEZE_EXCITATION, {1, 1, 1, 0, 1, 0}, {}}, "scales");
    require_text({EARSHOT_LAYER_TRANSFORMER, {4, 3, 1}, {}}, "heads");
    require_text({EARSHOT_LAYER_RESIDUAL_SEPARABLE, {1, 1, 2}, {}}, "shortcut");
    require_text({EARSHOT_LAYER_RESIDUAL_SEPARABLE, {1, 2, 0}, {}}, "shortcut");
}

/* Where bfloat16 is to be had, and the text where it is not. */
TEST(boundary_precision) {
    const test::MambaShape path = {EARSHOT_AXIS_TIME, EARSHOT_NORM_NONE, 0, 1, 3, 5, 2, 1, 4};
    const std::vector<float> path_weights = test::mamba_weights(path, 1);
    const auto check = [&](std::int32_t isa, std::int32_t precision, earshot_cpu_status expected, const char *text) {
        earshot_cpu_op *op = nullptr;
        CHECK(test::create({EARSHOT_LAYER_MAMBA_PATH, path.numbers(), path_weights}, {isa, precision}, &op) ==
              expected);
        CHECK((op != nullptr) == (expected == EARSHOT_CPU_OK));
        earshot_cpu_op_destroy(op);
        CHECK_THAT(expected == EARSHOT_CPU_OK || std::strstr(earshot_cpu_last_error(), text) != nullptr,
                   earshot_cpu_last_error());
    };
    const bool here = earshot_cpu_bf16_available() == 1;
    for (const std::int32_t isa : test::isas()) {
        check(isa, EARSHOT_PRECISION_FLOAT32, EARSHOT_CPU_OK, "");
        check(isa, -1, EARSHOT_CPU_INVALID_ARGUMENT, "precision");
        check(isa, EARSHOT_PRECISION_TF32, EARSHOT_CPU_INVALID_ARGUMENT, "precision");
        if (isa == EARSHOT_CPU_ISA_AVX512 && here) {
            check(isa, EARSHOT_PRECISION_BF16, EARSHOT_CPU_OK, "");
        } else {
            check(isa, EARSHOT_PRECISION_BF16, EARSHOT_CPU_UNSUPPORTED, "bf16");
        }
    }
    check(EARSHOT_CPU_ISA_BEST, EARSHOT_PRECISION_BF16, here ? EARSHOT_CPU_OK : EARSHOT_CPU_UNSUPPORTED, "bf16");
}

TEST(boundary_geometry) {
    test::EncoderShape shape = test::EncoderShape::paper(2, 1);
    const std::vector<float> weights(static_cast<std::size_t>(shape.weight_count()), 0.1F);
    const auto create = [&](const std::vector<std::int32_t> &geometry) {
        shape.geometry = geometry;
        earshot_cpu_op *op = nullptr;
        require_refused(test::create({EARSHOT_LAYER_DENSE_ENCODER, shape.numbers(), weights}, {}, &op));
        CHECK(op == nullptr);
    };
    const auto says = [](const char *text) { return std::strstr(earshot_cpu_last_error(), text) != nullptr; };
    const std::vector<std::int32_t> right = shape.geometry;
    for (std::size_t i = 0; i < right.size(); ++i) {
        for (const std::int32_t wrong : {INT32_MIN, -1, 7, 100000, INT32_MAX}) {
            /* A padding, dilation or stride of the last convolution may be anything sensible. */
            if (wrong > 0 && i >= 8) {
                continue;
            }
            std::vector<std::int32_t> geometry = right;
            geometry[i] = wrong;
            create(geometry);
        }
    }
    create({3, 3, 1, 1, 1, 1});
    CHECK(says("numbers: "));
    std::vector<std::int32_t> geometry = right;
    geometry[5] = 2;
    create(geometry);
    CHECK(says("block layer 0: "));
    geometry = right;
    geometry[6] = 65;
    create(geometry);
    CHECK(says("last convolution: "));
    geometry[6] = 64;
    geometry[7] = 17;
    shape.geometry = geometry;
    const std::vector<float> many(static_cast<std::size_t>(shape.weight_count()), 0.1F);
    earshot_cpu_op *op = nullptr;
    CHECK(test::create({EARSHOT_LAYER_DENSE_ENCODER, shape.numbers(), many}, {}, &op) == EARSHOT_CPU_UNSUPPORTED);
    CHECK(op == nullptr && says("last convolution: more than 1024 taps"));
}

/* Shapes that a layer cannot take, whatever the memory. */
TEST(boundary_shapes) {
    struct Wrong {
        std::int32_t kind;
        std::int64_t frames, bands;
    };
    const Wrong all[] = {{EARSHOT_LAYER_LINEAR, 2, 1},
                         {EARSHOT_LAYER_CONTEXT, 1, 2},
                         {EARSHOT_LAYER_BAND_NORM, 1, 3},
                         {EARSHOT_LAYER_SQUEEZE_EXCITATION, 1, 2},
                         {EARSHOT_LAYER_SQUEEZE_EXCITATION, 2, 1},
                         {EARSHOT_LAYER_TRANSFORMER, 1, 2},
                         {EARSHOT_LAYER_CONCATENATION, 2, 1},
                         {EARSHOT_LAYER_RESIDUAL_SEPARABLE, 1, 2},
                         {EARSHOT_LAYER_RESIDUAL_SEPARABLE, 2, 1},
                         {EARSHOT_LAYER_GRU, 1, 4},
                         {EARSHOT_LAYER_GATED_FUSION, 1, 2},
                         {EARSHOT_LAYER_LOG_MEL, 1, 2}};
    for (const test::Packed &layer : test::examples()) {
        test::Operation operation;
        CHECK(test::made(layer, {}, operation));
        for (const Wrong &wrong : all) {
            std::int64_t floats = 0;
            if (wrong.kind == layer.kind) {
                require_refused(earshot_cpu_op_output(operation.op, 1, wrong.frames, wrong.bands, &floats));
                require_refused(earshot_cpu_op_scratch(operation.op, 1, wrong.frames, wrong.bands, 1, &floats));
            }
        }
    }
}

TEST(boundary_random_runs) {
    test::Random random(12);
    const std::vector<test::Packed> layers = test::examples();
    std::vector<test::Operation> all(layers.size());
    for (std::size_t i = 0; i < layers.size(); ++i) {
        CHECK(test::made(layers[i], {}, all[i]));
    }
    earshot_cpu_team *team = nullptr;
    CHECK(earshot_cpu_team_create(2, &team) == EARSHOT_CPU_OK);
    int run = 0;
    for (int i = 0; i < 20000; ++i) {
        const earshot_cpu_op *op = all[random.bits() % all.size()].op;
        const std::int64_t batch = any_number(random);
        const std::int64_t frames = random.bits() % 3 == 0 ? 1 : any_number(random);
        const std::int64_t bands = random.bits() % 3 == 0 ? 1 : any_number(random);
        std::int64_t needed = 0;
        std::int64_t scratch_needed = 0;
        const std::int32_t threads = any_size(random);
        const earshot_cpu_status asked = earshot_cpu_op_scratch(op, batch, frames, bands, threads,
                                                                random.bits() % 8 == 0 ? nullptr : &scratch_needed);
        CHECK(asked == EARSHOT_CPU_OK || earshot_cpu_last_error()[0] != '\0');
        (void)earshot_cpu_op_output(op, batch, frames, bands, random.bits() % 8 == 0 ? nullptr : &needed);
        /* Blocks of exactly the size that is claimed: a sanitizer sees one step too far. */
        const std::vector<float> input0 = random.vector(random.bits() % 600, 0.0F, 3.0F);
        const std::vector<float> input1 = random.vector(random.bits() % 80, -1.0F, 1.0F);
        std::vector<float> output(random.bits() % 600);
        std::vector<float> scratch(random.bits() % 4 == 0 ? random.bits() % 600 : 9000);
        const earshot_cpu_status status = earshot_cpu_op_run(
            op, random.bits() % 16 == 0 ? nullptr : team, input0.data(), static_cast<std::int64_t>(input0.size()),
            input1.data(), static_cast<std::int64_t>(input1.size()), output.data(),
            static_cast<std::int64_t>(output.size()), scratch.data(), static_cast<std::int64_t>(scratch.size()), batch,
            frames, bands);
        run += status == EARSHOT_CPU_OK ? 1 : 0;
        CHECK(status == EARSHOT_CPU_OK || earshot_cpu_last_error()[0] != '\0');
    }
    CHECK(run > 100);
    earshot_cpu_team_destroy(team);
}

TEST(boundary_each_capacity_by_one) {
    earshot_cpu_op *op = nullptr;
    CHECK(test::create({EARSHOT_LAYER_GLOBAL_POOL, {4, EARSHOT_POOL_MEAN}, {}}, {}, &op) == EARSHOT_CPU_OK);
    earshot_cpu_team *team = nullptr;
    CHECK(earshot_cpu_team_create(1, &team) == EARSHOT_CPU_OK);
    std::int64_t work = 0;
    CHECK(earshot_cpu_op_scratch(op, 1, 3, 2, 1, &work) == EARSHOT_CPU_OK);
    std::vector<float> memory(200, 1.0F);
    float *x = memory.data();
    float *y = x + 50;
    float *s = x + 100;
    const auto run = [&](std::int64_t in, std::int64_t out, std::int64_t scratch, float *to) {
        return earshot_cpu_op_run(op, team, x, in, nullptr, 0, to, out, s, scratch, 1, 3, 2);
    };
    CHECK(run(24, 4, work, y) == EARSHOT_CPU_OK);
    require_refused(run(23, 4, work, y));
    require_refused(run(24, 3, work, y));
    require_refused(run(24, 4, work - 1, y));
    require_refused(run(24, 4, work, nullptr));
    require_refused(run(24, 4, work, x + 20));
    require_refused(run(24, 4, work, s + 2));
    require_refused(run(24, 4, work, reinterpret_cast<float *>(reinterpret_cast<char *>(y) + 1)));
    earshot_cpu_team_destroy(team);
    earshot_cpu_op_destroy(op);
}

TEST(boundary_locations) {
    const std::vector<float> weights(3 * 2 + 2 * 8 + 2 + 2 * 4 + 2, 0.5F);
    test::Operation operation;
    CHECK(test::made({EARSHOT_LAYER_CONTEXT, {3, 2, 8, 2, 2}, weights}, {}, operation));
    earshot_cpu_team *team = nullptr;
    CHECK(earshot_cpu_team_create(1, &team) == EARSHOT_CPU_OK);
    const std::vector<float> time(8, 0.5F);
    std::vector<float> output(2);
    std::vector<float> scratch(64);
    for (const float location : {-1.0F, 3.0F, 0.5F, 1e30F, -1e30F, INFINITY, NAN}) {
        require_refused(earshot_cpu_op_run(operation.op, team, &location, 1, time.data(), 8, output.data(), 2,
                                           scratch.data(), 64, 1, 1, 1));
    }
    earshot_cpu_team_destroy(team);
}

/* The text is the failing thread's own, and one operation serves several callers with a team each. */
TEST(boundary_several_callers) {
    const test::MambaShape shape = {EARSHOT_AXIS_FREQUENCY, EARSHOT_NORM_LAYER, 0, 1, 9, 18, 4, 1, 4};
    const std::vector<float> weights = test::mamba_weights(shape, 2);
    test::Operation operation;
    CHECK(test::made({EARSHOT_LAYER_MAMBA_PATH, shape.numbers(), weights}, {}, operation));
    test::Random random(4);
    const std::vector<float> x = random.vector(40 * 11 * 9, -1.0F, 1.0F);
    const std::vector<float> expected = test::run(operation.op, 1, x, {}, 1, 40, 11);
    std::vector<float> results[3];
    std::vector<std::thread> callers;
    for (std::vector<float> &result : results) {
        callers.emplace_back([&] { result = test::run(operation.op, 2, x, {}, 1, 40, 11); });
    }
    for (std::thread &caller : callers) {
        caller.join();
    }
    for (const std::vector<float> &result : results) {
        CHECK(test::same_bits(result, expected));
    }
}

/* Many short runs of one team, with and without a pause in which its threads fall asleep. */
TEST(boundary_team_wakes_up) {
    test::Operation operation;
    CHECK(test::made({EARSHOT_LAYER_GLOBAL_POOL, {1, EARSHOT_POOL_MEAN}, {}}, {}, operation));
    earshot_cpu_team *team = nullptr;
    CHECK(earshot_cpu_team_create(4, &team) == EARSHOT_CPU_OK);
    const std::vector<float> x(100, 2.0F);
    std::vector<float> scratch(200);
    for (int i = 0; i < 2000; ++i) {
        float y = 0;
        CHECK(earshot_cpu_op_run(operation.op, team, x.data(), 100, nullptr, 0, &y, 1, scratch.data(), 200, 1, 100,
                                 1) == EARSHOT_CPU_OK);
        CHECK(y == 2.0F);
        if (i % 200 == 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
    }
    earshot_cpu_team_destroy(team);
}

} // namespace
