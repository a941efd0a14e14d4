#include "layers.h"

namespace earshot {

LinearLayer::LinearLayer(const Packing &packing) {
    packing.require_numbers(3);
    const std::int32_t *n = packing.numbers;
    require(n[0] >= 1 && n[1] >= 1, "inputs, outputs: expected at least 1 each");
    require(n[2] == 0 || n[2] == 1, "relu: expected 0 or 1");
    inputs = n[0];
    outputs = n[1];
    relu = n[2] == 1;
    WeightReader reader(packing, size_product({outputs, Index{inputs} + 1}));
    weight = reader.take(Index{outputs} * inputs);
    bias = reader.take(outputs);
}

GlobalPoolLayer::GlobalPoolLayer(const Packing &packing) {
    packing.require_numbers(2);
    require(packing.numbers[0] >= 1, "channels: expected at least 1");
    require(packing.numbers[1] == EARSHOT_POOL_MEAN || packing.numbers[1] == EARSHOT_POOL_MAX,
            "pool: expected 0 (mean) or 1 (max)");
    const WeightReader none(packing, 0);
    channels = packing.numbers[0];
    maximum = packing.numbers[1] == EARSHOT_POOL_MAX;
}

ContextEncoderLayer::ContextEncoderLayer(const Packing &packing) {
    packing.require_numbers(5);
    const std::int32_t *n = packing.numbers;
    require(n[0] >= 1 && n[1] >= 1 && n[2] >= 1 && n[3] >= 1 && n[4] >= 0,
            "rows, location width, time inputs, time width: expected at least 1 each; outputs: at least 0");
    rows = n[0];
    location_width = n[1];
    time_inputs = n[2];
    time_width = n[3];
    outputs = n[4];
    const Index width = Index{location_width} + time_width;
    WeightReader reader(packing,
                        size_sum({size_product({rows, location_width}), size_product({time_width, time_inputs}),
                                  time_width, size_product({outputs, width}), outputs}));
    embedding = reader.take(Index{rows} * location_width);
    mapping = reader.take(Index{time_width} * time_inputs);
    mapping_bias = reader.take(time_width);
    projection = reader.take(outputs * width);
    projection_bias = reader.take(outputs);
}

DenseEncoderLayer::DenseEncoderLayer(const Packing &packing) {
    constexpr std::int32_t HEAD = 2;
    constexpr std::int32_t GEOMETRY = 6;
    require(packing.number_count >= HEAD && packing.numbers != nullptr, "numbers: expected channels and block layers");
    channels = packing.numbers[0];
    block_layers = packing.numbers[1];
    require(channels >= 1 && block_layers >= 0 && block_layers <= 64,
            "channels, block layers: expected at least 1 channel, and 0 to 64 block layers");
    packing.require_numbers(HEAD + Index{GEOMETRY} * (block_layers + 1));
    EncoderConvolution first = {1, 1, 1, 0, 0, 1, 1, nullptr, nullptr, nullptr, nullptr, nullptr};
    convolutions.push_back(first);
    for (std::int32_t i = 0; i <= block_layers; ++i) {
        const std::int32_t *g = packing.numbers + HEAD + GEOMETRY * i;
        const bool last = i == block_layers;
        const std::int32_t slices = last ? 1 : i + 1;
        if (g[0] < 1 || g[1] < 1 || g[2] < 0 || g[3] < 0 || g[4] < 1 || g[5] < 1) {
            fail(name(i) + ": kernel, dilation and stride are at least 1, padding at least 0");
        }
        if (g[0] > 64 || g[1] > 64 || g[2] > 1 << 20 || g[3] > 64 || g[4] > 1 << 20 || g[5] > 64) {
            fail(name(i) + ": a kernel, padding or stride beyond 64, or a time padding or dilation beyond 2^20");
        }
        if (!last && (g[5] != 1 || 2 * g[2] != g[4] * (g[0] - 1) || 2 * g[3] != g[1] - 1)) {
            fail(name(i) + ": its padding and stride do not keep frames and bands");
        }
        size_product({channels, slices, channels, g[0], g[1]});
        convolutions.push_back({static_cast<std::int32_t>(size_product({channels, slices})), g[0], g[1], g[2], g[3],
                                g[4], g[5], nullptr, nullptr, nullptr, nullptr, nullptr});
    }
    Index expected = 0;
    for (const EncoderConvolution &c : convolutions) {
        expected = size_sum({expected, size_product({channels, c.inputs, c.kernel_time, c.kernel_frequency}),
                             size_product({4, channels})});
    }
    WeightReader reader(packing, expected);
    for (EncoderConvolution &c : convolutions) {
        c.weight = reader.take(Index{channels} * c.inputs * c.kernel_time * c.kernel_frequency);
        c.bias = reader.take(channels);
        c.norm_weight = reader.take(channels);
        c.norm_bias = reader.take(channels);
        c.slopes = reader.take(channels);
    }
}

std::string DenseEncoderLayer::name(std::int32_t i) const {
    return i == block_layers ? "last convolution" : "block layer " + std::to_string(i);
}

MambaPathLayer::MambaPathLayer(const Packing &packing) {
    packing.require_numbers(9);
    const std::int32_t *n = packing.numbers;
    axis = n[0];
    norm = n[1];
    condition = n[2];
    layers = n[3];
    channels = n[4];
    inner = n[5];
    states = n[6];
    rank = n[7];
    taps = n[8];
    require(axis == EARSHOT_AXIS_TIME || axis == EARSHOT_AXIS_FREQUENCY, "axis: expected 0 or 1");
    require(norm >= EARSHOT_NORM_NONE && norm <= EARSHOT_NORM_CONDITIONAL, "norm: expected 0 to 2");
    require(norm == EARSHOT_NORM_CONDITIONAL ? condition >= 1 : condition == 0,
            "condition: expected its width for a conditional norm, 0 for any other");
    require(layers >= 1 && channels >= 1 && inner >= 1 && states >= 1 && rank >= 1 && taps >= 1,
            "layers, channels, inner, states, rank, taps: expected at least 1 each");
    const Index c = channels;
    const Index e = inner;
    const Index norm_floats = norm == EARSHOT_NORM_LAYER         ? size_product({2, c})
                              : norm == EARSHOT_NORM_CONDITIONAL ? size_product({2, c, condition + Index{1}})
                                                                 : 0;
    const Index x_rows = Index{rank} + 2 * Index{states};
    const Index mixer = size_sum({c, size_product({2, e, c}), size_product({e, taps}), e, size_product({x_rows, e}),
                                  size_product({e, rank}), e, size_product({e, states}), e, size_product({c, e})});
    WeightReader reader(packing, size_sum({norm_floats, size_product({2, layers, mixer}), size_product({2, c, c}), c}));
    scale = shift = gamma = gamma_bias = beta = beta_bias = nullptr;
    if (norm == EARSHOT_NORM_LAYER) {
        scale = reader.take(c);
        shift = reader.take(c);
    } else if (norm == EARSHOT_NORM_CONDITIONAL) {
        gamma = reader.take(c * condition);
        gamma_bias = reader.take(c);
        beta = reader.take(c * condition);
        beta_bias = reader.take(c);
    }
    for (std::vector<MambaMixer> &direction : directions) {
        for (std::int32_t layer = 0; layer < layers; ++layer) {
            MambaMixer m;
            m.norm = reader.take(c);
            m.in_projection = reader.take(2 * e * c);
            m.convolution = reader.take(e * taps);
            m.convolution_bias = reader.take(e);
            m.x_projection = reader.take(x_rows * e);
            m.dt_projection = reader.take(e * rank);
            m.dt_bias = reader.take(e);
            m.a_log = reader.take(e * states);
            m.skip = reader.take(e);
            m.out_projection = reader.take(c * e);
            direction.push_back(m);
        }
    }
    projection = reader.take(2 * c * c);
    projection_bias = reader.take(c);
}

BandNormLayer::BandNormLayer(const Packing &packing) {
    packing.require_numbers(1);
    bands = packing.numbers[0];
    require(bands >= 1, "bands: expected at least 1");
    WeightReader reader(packing, size_product({2, bands}));
    scale = reader.take(bands);
    shift = reader.take(bands);
}

SqueezeExcitationLayer::SqueezeExcitationLayer(const Packing &packing) {
    constexpr std::int32_t HEAD = 5;
    if (packing.number_count < HEAD) {
        packing.require_numbers(HEAD + 1);
    }
    require(packing.numbers != nullptr, "numbers: null");
    const std::int32_t *n = packing.numbers;
    require(n[0] >= 1 && n[1] >= 1 && n[2] >= 1, "inputs, outputs, hidden: expected at least 1 each");
    require(n[3] == 0 || n[3] == 1, "pooled: expected 0 or 1");
    require(n[4] >= 1, "scales: expected at least one");
    packing.require_numbers(HEAD + Index{n[4]});
    inputs = n[0];
    outputs = n[1];
    hidden = n[2];
    pooled = n[3] == 1;
    scales.assign(n + HEAD, n + HEAD + n[4]);
    bins = 0;
    for (const std::int32_t scale : scales) {
        require(scale >= 1, "scales: expected at least 1 each");
        bins = size_sum({bins, size_product({scale, scale})});
    }
    const Index kernel = size_product({outputs, inputs, 9});
    const Index squeezed = size_product({bins, outputs});
    WeightReader reader(packing,
                        size_sum({kernel, outputs, size_product({hidden, squeezed}), size_product({outputs, hidden})}));
    convolution = reader.take(kernel);
    bias = reader.take(outputs);
    narrow = reader.take(hidden * squeezed);
    widen = reader.take(Index{outputs} * hidden);
}

TokenPoolLayer::TokenPoolLayer(const Packing &packing) {
    packing.require_numbers(2);
    channels = packing.numbers[0];
    tokens = packing.numbers[1];
    require(channels >= 1 && tokens >= 1, "channels, tokens: expected at least 1 each");
    const WeightReader none(packing, 0);
}

TransformerLayer::TransformerLayer(const Packing &packing) {
    packing.require_numbers(3);
    const std::int32_t *n = packing.numbers;
    require(n[0] >= 1 && n[1] >= 1 && n[2] >= 1, "width, heads, hidden: expected at least 1 each");
    require(n[0] % n[1] == 0, "heads: expected a divisor of the width");
    width = n[0];
    heads = n[1];
    hidden = n[2];
    const Index c = width;
    const Index h = hidden;
    WeightReader reader(packing,
                        size_sum({size_product({4, c, c + 1}), size_product({2, c, h}), h, c, size_product({4, c})}));
    in = reader.take(3 * c * c);
    in_bias = reader.take(3 * c);
    out = reader.take(c * c);
    out_bias = reader.take(c);
    widen = reader.take(h * c);
    widen_bias = reader.take(h);
    narrow = reader.take(c * h);
    narrow_bias = reader.take(c);
    for (int norm = 0; norm < 2; ++norm) {
        scale[norm] = reader.take(c);
        shift[norm] = reader.take(c);
    }
}

ConcatenationLayer::ConcatenationLayer(const Packing &packing) {
    packing.require_numbers(2);
    first = packing.numbers[0];
    second = packing.numbers[1];
    require(first >= 1 && second >= 1, "widths: expected at least 1 each");
    const WeightReader none(packing, 0);
}

ResidualSeparableLayer::ResidualSeparableLayer(const Packing &packing) {
    packing.require_numbers(3);
    const std::int32_t *n = packing.numbers;
    require(n[0] >= 1 && n[1] >= 1, "inputs, outputs: expected at least 1 each");
    require(n[2] == 0 || n[2] == 1, "shortcut: expected 0 or 1");
    require(n[2] == 1 || n[0] == n[1], "shortcut: the identity needs as many inputs as outputs");
    inputs = n[0];
    outputs = n[1];
    projects = n[2] == 1;
    const Index i = inputs;
    const Index o = outputs;
    const Index kernel = size_product({o, i, 9});
    WeightReader reader(packing, size_sum({kernel, size_product({11, o}), size_product({o, o}),
                                           projects ? size_product({o, i + 1}) : 0}));
    convolution = reader.take(kernel);
    bias = reader.take(o);
    depthwise = reader.take(9 * o);
    pointwise = reader.take(o * o);
    pointwise_bias = reader.take(o);
    shortcut = projects ? reader.take(o * i) : nullptr;
    shortcut_bias = projects ? reader.take(o) : nullptr;
}

GruLayer::GruLayer(const Packing &packing) {
    packing.require_numbers(2);
    inputs = packing.numbers[0];
    hidden = packing.numbers[1];
    require(inputs >= 1 && hidden >= 1, "inputs, hidden: expected at least 1 each");
    const Index rows = size_product({3, hidden});
    WeightReader reader(packing, size_product({rows, size_sum({inputs, hidden, 2})}));
    input_weight = reader.take(rows * inputs);
    state_weight = reader.take(rows * hidden);
    input_bias = reader.take(rows);
    state_bias = reader.take(rows);
}

GatedFusionLayer::GatedFusionLayer(const Packing &packing) {
    packing.require_numbers(1);
    width = packing.numbers[0];
    require(width >= 1, "width: expected at least 1");
    const Index w = width;
    WeightReader reader(packing, size_product({3, w, w + 1}));
    carry = reader.take(w * w);
    carry_bias = reader.take(w);
    gate = reader.take(w * w);
    gate_bias = reader.take(w);
    transform = reader.take(w * w);
    transform_bias = reader.take(w);
}

LogMelSpectrogramLayer::LogMelSpectrogramLayer(const Packing &packing) {
    constexpr std::int32_t HEAD = 6;
    require(packing.number_count >= HEAD && packing.numbers != nullptr,
            "numbers: expected n_fft, window length, hop, bands, frames and padding");
    const std::int32_t *n = packing.numbers;
    n_fft = n[0];
    window_length = n[1];
    hop = n[2];
    bands = n[3];
    frames = n[4];
    require(n_fft >= 2 && window_length >= 2 && window_length <= n_fft,
            "n_fft, window length: expected at least 2 each, and a window no longer than n_fft");
    require(hop >= 1 && bands >= 1 && frames >= 1, "hop, bands, frames: expected at least 1 each");
    require(n[5] == EARSHOT_PAD_CONSTANT || n[5] == EARSHOT_PAD_REFLECT,
            "padding: expected 0 (constant) or 1 (reflect)");
    reflect = n[5] == EARSHOT_PAD_REFLECT;
    packing.require_numbers(HEAD + 2 * Index{bands});
    const std::int32_t all_bins = n_fft / 2 + 1;
    Index weights = 0;
    for (std::int32_t band = 0; band < bands; ++band) {
        const std::int32_t *filter = n + HEAD + 2 * Index{band};
        require(filter[0] >= 0 && filter[1] >= 0 && filter[1] <= all_bins && filter[0] <= all_bins - filter[1],
                "bands: expected bins within 0 to n_fft / 2");
        filters.push_back({filter[0], filter[1], nullptr});
        weights += filter[1];
    }
    WeightReader reader(packing, size_sum({weights, 1}));
    for (MelFilter &filter : filters) {
        filter.weights = reader.take(filter.bins);
    }
    top_decibel = *reader.take(1);
    /* Written so that NaN fails too. */
    require(top_decibel > 0, "top dB: expected more than 0");
}

} // namespace earshot
