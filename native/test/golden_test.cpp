/*
 * What public code computed with PyTorch, against every instruction set. The tolerance: 1e-4 of the output's
 * standard deviation.
 */
#include <algorithm>
#include <map>

#include "cpu_calls.h"
#include "instruction_sets.h"
#include "reference.h"
#include "safetensors.h"

namespace {

using Tensors = std::map<std::string, test::Tensor>;

constexpr double TOLERANCE = 1e-4;

Tensors golden(const std::string &name) {
    return test::read_safetensors(std::string(EARSHOT_GOLDEN) + "/public-code/" + name + ".safetensors");
}

void add(std::vector<float> &all, const Tensors &tensors, const std::string &name) {
    const std::vector<float> &values = tensors.at(name).values;
    all.insert(all.end(), values.begin(), values.end());
}

/* [B, C, T, F] to [B, T, F, C]. */
std::vector<float> channels_last(const test::Tensor &tensor) {
    const std::size_t c_count = static_cast<std::size_t>(tensor.shape[1]);
    const std::size_t positions = static_cast<std::size_t>(tensor.shape[2] * tensor.shape[3]);
    std::vector<float> out(tensor.values.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
        const std::size_t b = i / (c_count * positions);
        const std::size_t c = i / positions % c_count;
        out[(b * positions + i % positions) * c_count + c] = tensor.values[i];
    }
    return out;
}

void require_close(const char *what, const std::string &name, const std::vector<float> &actual,
                   const std::vector<float> &expected) {
    double mean = 0;
    for (const float v : expected) {
        mean += static_cast<double>(v) / static_cast<double>(expected.size());
    }
    double variance = 0;
    for (const float v : expected) {
        variance +=
            (static_cast<double>(v) - mean) * (static_cast<double>(v) - mean) / static_cast<double>(expected.size());
    }
    double worst = actual.size() == expected.size() ? 0 : static_cast<double>(INFINITY);
    for (std::size_t i = 0; i < actual.size() && i < expected.size(); ++i) {
        const double d = std::fabs(static_cast<double>(actual[i]) - static_cast<double>(expected[i]));
        worst = d <= worst ? worst : std::isnan(d) ? static_cast<double>(INFINITY) : d;
    }
    const double share = worst / std::sqrt(variance);
    CHECK_THAT(share <= TOLERANCE, std::string(what) + " " + name + ": " + std::to_string(share * 1e6) + "e-6");
}

TEST(golden_dense_encoder) {
    const Tensors tensors = golden("dense_encoder");
    std::vector<float> weights;
    const auto convolution = [&](const std::string &name) {
        for (const char *part : {".0.weight", ".0.bias", ".1.weight", ".1.bias", ".2.weight"}) {
            add(weights, tensors, "dense_encoder." + name + part);
        }
    };
    convolution("dense_conv_1");
    for (int i = 0; i < 4; ++i) {
        convolution("dense_block.dense_block." + std::to_string(i));
    }
    convolution("dense_conv_2");
    const test::EncoderShape shape = test::EncoderShape::paper(16, 4);
    const test::Tensor &input = tensors.at("input");
    for (const std::int32_t isa : test::isas()) {
        test::Operation operation;
        CHECK(test::made({EARSHOT_LAYER_DENSE_ENCODER, shape.numbers(), weights}, {isa}, operation));
        const std::vector<float> output = test::run(operation.op, 2, input.values, {}, 2, 90, 64);
        require_close("dense encoder", earshot_cpu_isa_name(isa), output, channels_last(tensors.at("output")));
    }
}

std::vector<float> path_weights(const Tensors &tensors, const std::string &prefix, const std::string &linear) {
    std::vector<float> weights;
    for (const char *direction : {"forward_blocks", "backward_blocks"}) {
        const std::string block = "blocks.0." + prefix + "_mamba." + direction + ".0.";
        add(weights, tensors, block + "norm.weight");
        for (const char *part : {"in_proj.weight", "conv1d.weight", "conv1d.bias", "x_proj.weight", "dt_proj.weight",
                                 "dt_proj.bias", "A_log", "D", "out_proj.weight"}) {
            add(weights, tensors, block + "mixer." + part);
        }
    }
    add(weights, tensors, "blocks.0." + linear + ".weight");
    add(weights, tensors, "blocks.0." + linear + ".bias");
    return weights;
}

TEST(golden_time_frequency_block) {
    const Tensors tensors = golden("time_frequency_mamba_block");
    const std::vector<float> time = path_weights(tensors, "time", "tlinear");
    const std::vector<float> frequency = path_weights(tensors, "freq", "flinear");
    for (const std::int32_t isa : test::isas()) {
        test::Operation over_time;
        test::Operation over_frequency;
        test::MambaShape shape = {EARSHOT_AXIS_TIME, EARSHOT_NORM_NONE, 0, 1, 16, 64, 16, 1, 4};
        CHECK(test::made({EARSHOT_LAYER_MAMBA_PATH, shape.numbers(), time}, {isa}, over_time));
        shape.axis = EARSHOT_AXIS_FREQUENCY;
        CHECK(test::made({EARSHOT_LAYER_MAMBA_PATH, shape.numbers(), frequency}, {isa}, over_frequency));
        const std::vector<float> half = test::run(over_time.op, 2, channels_last(tensors.at("input")), {}, 2, 40, 31);
        const std::vector<float> whole = test::run(over_frequency.op, 2, half, {}, 2, 40, 31);
        require_close("block", earshot_cpu_isa_name(isa), whole, channels_last(tensors.at("output")));
    }
}

/* The scan kernel itself; u, delta, z and out are [B, D, L], B and C [B, N, L]. */
void scan_case(const Tensors &tensors, const std::string &name, std::int32_t isa) {
    const earshot::Kernels &kernels = earshot::kernels_for(isa, EARSHOT_PRECISION_FLOAT32);
    const auto values = [&](const char *part) -> const std::vector<float> & {
        return tensors.at(name + "." + part).values;
    };
    const std::vector<std::int64_t> &shape = tensors.at(name + ".u").shape;
    const std::int64_t channels = shape[1];
    const std::int64_t length = shape[2];
    const std::int64_t states = tensors.at(name + ".A").shape[1];
    const std::int64_t w = kernels.width;
    const auto at = [](const std::vector<float> &v, std::int64_t i) { return v[static_cast<std::size_t>(i)]; };
    std::vector<float> out(values("out").size());
    std::vector<float> last(values("last_state").size());
    for (std::int64_t b = 0; b < shape[0]; ++b) {
        std::vector<float> bc(static_cast<std::size_t>(length * 2 * states));
        for (std::int64_t i = 0; i < length * states; ++i) {
            const std::int64_t t = i / states;
            const std::int64_t n = i % states;
            bc[static_cast<std::size_t>(t * 2 * states + n)] = at(values("B"), (b * states + n) * length + t);
            bc[static_cast<std::size_t>(t * 2 * states + states + n)] = at(values("C"), (b * states + n) * length + t);
        }
        for (std::int64_t first = 0; first < channels; first += w) {
            const std::int64_t lanes = std::min(w, channels - first);
            std::vector<float> decay(static_cast<std::size_t>(states * w));
            std::vector<float> state(decay.size());
            std::vector<float> lowest(static_cast<std::size_t>(w));
            std::vector<float> skip(lowest.size());
            std::vector<float> delta(static_cast<std::size_t>(length * w));
            std::vector<float> uz(2 * delta.size());
            std::vector<float> y(delta.size());
            for (std::int64_t lane = 0; lane < lanes; ++lane) {
                const std::int64_t d = first + lane;
                skip[static_cast<std::size_t>(lane)] = at(values("D"), d);
                for (std::int64_t n = 0; n < states; ++n) {
                    const float a = at(values("A"), d * states + n) * 1.44269504F;
                    decay[static_cast<std::size_t>(n * w + lane)] = a;
                    lowest[static_cast<std::size_t>(lane)] = std::min(lowest[static_cast<std::size_t>(lane)], a);
                }
                for (std::int64_t t = 0; t < length; ++t) {
                    const std::int64_t from = (b * channels + d) * length + t;
                    const double step = static_cast<double>(at(values("delta"), from)) +
                                        static_cast<double>(at(values("delta_bias"), d));
                    delta[static_cast<std::size_t>(t * w + lane)] = static_cast<float>(std::log1p(std::exp(step)));
                    uz[static_cast<std::size_t>(2 * t * w + lane)] = at(values("u"), from);
                    uz[static_cast<std::size_t>((2 * t + 1) * w + lane)] = at(values("z"), from);
                }
            }
            kernels.scan(decay.data(), lowest.data(), skip.data(), state.data(), delta.data(), uz.data(), uz.data() + w,
                         2 * w, bc.data(), bc.data() + states, 2 * states, states, length, y.data());
            for (std::int64_t lane = 0; lane < lanes; ++lane) {
                const std::int64_t d = b * channels + first + lane;
                for (std::int64_t t = 0; t < length; ++t) {
                    out[static_cast<std::size_t>(d * length + t)] = uz[static_cast<std::size_t>(2 * t * w + lane)];
                }
                for (std::int64_t n = 0; n < states; ++n) {
                    last[static_cast<std::size_t>(d * states + n)] = state[static_cast<std::size_t>(n * w + lane)];
                }
            }
        }
    }
    const std::string detail = name + " " + kernels.name;
    require_close("scan", detail, out, values("out"));
    require_close("last state", detail, last, values("last_state"));
}

TEST(golden_selective_scan) {
    const Tensors tensors = golden("selective_scan");
    for (const std::int32_t isa : test::isas()) {
        for (const char *name : {"a", "b", "c", "d"}) {
            scan_case(tensors, name, isa);
        }
    }
}

} // namespace
