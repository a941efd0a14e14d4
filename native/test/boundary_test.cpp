/* Wrong arguments at every exported function: a status and a text, nothing written, no crash. */
#include <chrono>
#include <cstring>
#include <thread>

#include "operation.h"
#include "reference.h"

namespace {

constexpr std::int64_t kExtremes[] = {INT64_MIN, -1, 0, 1, 2, 1 << 20, INT32_MAX, std::int64_t{1} << 40, INT64_MAX};

std::int64_t any_number(test::Random &random) {
    return random.bits() % 4 == 0 ? kExtremes[random.bits() % 9] : static_cast<std::int64_t>(random.bits() % 12);
}

std::int32_t any_size(test::Random &random) {
    constexpr std::int32_t kSizes[] = {INT32_MIN, -1, 0, 1, 3, 1000, 1 << 20, INT32_MAX};
    return kSizes[random.bits() % 8];
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
        require_refused(earshot_cpu_global_mean_create(4, isa, &op));
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
    for (const std::int32_t threads : {INT32_MIN, -1, 0, 1025, INT32_MAX}) {
        require_refused(earshot_cpu_team_create(threads, &team));
        CHECK(team == nullptr);
    }
}

/* Sizes and counts that do not fit together; each is refused before a weight is read or memory is asked for. */
TEST(boundary_random_creations) {
    test::Random random(11);
    const std::vector<float> weights(64, 0.5F);
    const std::vector<std::int32_t> geometry(60, 1);
    for (int i = 0; i < 20000; ++i) {
        earshot_cpu_op *op = nullptr;
        const float *values = random.bits() % 8 == 0 ? nullptr : weights.data();
        const std::int64_t count = static_cast<std::int64_t>(random.bits() % 65);
        const std::int32_t a = any_size(random);
        const std::int32_t b = any_size(random);
        const std::int32_t c = any_size(random);
        const std::int32_t d = any_size(random);
        const std::int32_t e = any_size(random);
        earshot_cpu_status status = EARSHOT_CPU_OK;
        switch (random.bits() % 5) {
        case 0:
            status = earshot_cpu_linear_create(values, count, a, b, c, -1, &op);
            break;
        case 1:
            status = earshot_cpu_context_create(values, count, a, b, c, d, e, -1, &op);
            break;
        case 2:
            status = earshot_cpu_mamba_path_create(values, count, static_cast<std::int32_t>(random.bits() % 4) - 1,
                                                   static_cast<std::int32_t>(random.bits() % 5) - 1, a, b, c, d, e,
                                                   any_size(random), any_size(random), -1,
                                                   static_cast<std::int32_t>(random.bits() % 5) - 1, &op);
            break;
        case 3:
            status = earshot_cpu_dense_encoder_create(values, count, a, b, geometry.data(),
                                                      static_cast<std::int64_t>(random.bits() % 61), -1,
                                                      static_cast<std::int32_t>(random.bits() % 5) - 1, &op);
            break;
        default:
            status = earshot_cpu_global_mean_create(a, static_cast<std::int32_t>(random.bits() % 8) - 2, &op);
            break;
        }
        CHECK((status == EARSHOT_CPU_OK) == (op != nullptr));
        CHECK(status == EARSHOT_CPU_OK || earshot_cpu_last_error()[0] != '\0');
        earshot_cpu_op_destroy(op);
    }
}

/* Where bfloat16 is to be had, and the text where it is not. */
TEST(boundary_precision) {
    const test::EncoderShape encoder = test::EncoderShape::paper(2, 1);
    const std::vector<float> encoder_weights(static_cast<std::size_t>(encoder.weight_count()), 0.1F);
    const test::MambaShape path = {EARSHOT_CPU_AXIS_TIME, EARSHOT_CPU_NORM_NONE, 0, 1, 3, 5, 2, 1, 4};
    const std::vector<float> path_weights = test::mamba_weights(path, 1);
    const auto check = [&](std::int32_t isa, std::int32_t precision, earshot_cpu_status expected, const char *text) {
        earshot_cpu_op *ops[2] = {};
        CHECK(earshot_cpu_dense_encoder_create(
                  encoder_weights.data(), static_cast<std::int64_t>(encoder_weights.size()), 2, 1,
                  encoder.geometry.data(), static_cast<std::int64_t>(encoder.geometry.size()), isa, precision,
                  &ops[0]) == expected);
        CHECK(earshot_cpu_mamba_path_create(path_weights.data(), static_cast<std::int64_t>(path_weights.size()),
                                            path.axis, path.norm, 0, 1, 3, 5, 2, 1, 4, isa, precision,
                                            &ops[1]) == expected);
        for (earshot_cpu_op *op : ops) {
            CHECK((op != nullptr) == (expected == EARSHOT_CPU_OK));
            earshot_cpu_op_destroy(op);
        }
        CHECK_THAT(expected == EARSHOT_CPU_OK || std::strstr(earshot_cpu_last_error(), text) != nullptr,
                   earshot_cpu_last_error());
    };
    const bool here = earshot_cpu_bf16_available() == 1;
    for (const std::int32_t isa : test::isas()) {
        check(isa, EARSHOT_CPU_PRECISION_FLOAT32, EARSHOT_CPU_OK, "");
        check(isa, -1, EARSHOT_CPU_INVALID_ARGUMENT, "precision");
        check(isa, 2, EARSHOT_CPU_INVALID_ARGUMENT, "precision");
        if (isa == EARSHOT_CPU_ISA_AVX512 && here) {
            check(isa, EARSHOT_CPU_PRECISION_BF16, EARSHOT_CPU_OK, "");
        } else {
            check(isa, EARSHOT_CPU_PRECISION_BF16, EARSHOT_CPU_UNSUPPORTED, "bf16");
        }
    }
    check(EARSHOT_CPU_ISA_BEST, EARSHOT_CPU_PRECISION_BF16, here ? EARSHOT_CPU_OK : EARSHOT_CPU_UNSUPPORTED, "bf16");
}

TEST(boundary_geometry) {
    test::EncoderShape shape = test::EncoderShape::paper(2, 1);
    const std::vector<float> weights(static_cast<std::size_t>(shape.weight_count()), 0.1F);
    const auto create = [&](const std::vector<std::int32_t> &geometry) {
        earshot_cpu_op *op = nullptr;
        require_refused(earshot_cpu_dense_encoder_create(weights.data(), static_cast<std::int64_t>(weights.size()), 2,
                                                         1, geometry.data(), static_cast<std::int64_t>(geometry.size()),
                                                         -1, 0, &op));
        CHECK(op == nullptr);
    };
    for (std::size_t i = 0; i < shape.geometry.size(); ++i) {
        for (const std::int32_t wrong : {INT32_MIN, -1, 7, 100000, INT32_MAX}) {
            /* A padding, dilation or stride of the last convolution may be anything sensible. */
            if (wrong > 0 && i >= 8) {
                continue;
            }
            std::vector<std::int32_t> geometry = shape.geometry;
            geometry[i] = wrong;
            create(geometry);
        }
    }
    create({3, 3, 1, 1, 1, 1});
}

TEST(boundary_random_runs) {
    test::Random random(12);
    const test::MambaShape shape = {EARSHOT_CPU_AXIS_TIME, EARSHOT_CPU_NORM_CONDITIONAL, 2, 1, 3, 5, 2, 1, 4};
    const std::vector<float> path_weights = test::mamba_weights(shape, 1);
    const test::EncoderShape encoder_shape = test::EncoderShape::paper(3, 2);
    const std::vector<float> encoder_weights = random.vector(encoder_shape.weight_count(), -1.0F, 1.0F);
    const std::vector<float> context_weights = random.vector(3 * 2 + 2 * 8 + 2 + 2 * 4 + 2, -1.0F, 1.0F);
    test::Operation all[5];
    CHECK(earshot_cpu_mamba_path_create(path_weights.data(), static_cast<std::int64_t>(path_weights.size()), shape.axis,
                                        shape.norm, 2, 1, 3, 5, 2, 1, 4, -1, 0, &all[0].op) == EARSHOT_CPU_OK);
    CHECK(earshot_cpu_dense_encoder_create(encoder_weights.data(), static_cast<std::int64_t>(encoder_weights.size()), 3,
                                           2, encoder_shape.geometry.data(),
                                           static_cast<std::int64_t>(encoder_shape.geometry.size()), -1, 0,
                                           &all[1].op) == EARSHOT_CPU_OK);
    CHECK(earshot_cpu_global_mean_create(3, -1, &all[2].op) == EARSHOT_CPU_OK);
    CHECK(earshot_cpu_context_create(context_weights.data(), static_cast<std::int64_t>(context_weights.size()), 3, 2, 8,
                                     2, 2, -1, &all[3].op) == EARSHOT_CPU_OK);
    CHECK(earshot_cpu_linear_create(context_weights.data(), 12, 3, 3, 0, -1, &all[4].op) == EARSHOT_CPU_OK);
    earshot_cpu_team *team = nullptr;
    CHECK(earshot_cpu_team_create(2, &team) == EARSHOT_CPU_OK);
    int run = 0;
    for (int i = 0; i < 20000; ++i) {
        const earshot_cpu_op *op = all[random.bits() % 5].op;
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
    CHECK(earshot_cpu_global_mean_create(4, -1, &op) == EARSHOT_CPU_OK);
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
    CHECK(earshot_cpu_context_create(weights.data(), static_cast<std::int64_t>(weights.size()), 3, 2, 8, 2, 2, -1,
                                     &operation.op) == EARSHOT_CPU_OK);
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
    const test::MambaShape shape = {EARSHOT_CPU_AXIS_FREQUENCY, EARSHOT_CPU_NORM_LAYER, 0, 1, 9, 18, 4, 1, 4};
    const std::vector<float> weights = test::mamba_weights(shape, 2);
    test::Operation operation;
    CHECK(earshot_cpu_mamba_path_create(weights.data(), static_cast<std::int64_t>(weights.size()), shape.axis,
                                        shape.norm, 0, 1, 9, 18, 4, 1, 4, -1, 0, &operation.op) == EARSHOT_CPU_OK);
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
    CHECK(earshot_cpu_global_mean_create(1, -1, &operation.op) == EARSHOT_CPU_OK);
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
