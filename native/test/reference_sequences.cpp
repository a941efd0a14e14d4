/* What SE-Trans and MobileASCNet do behind their convolutions. */
#include <algorithm>

#include "reference_math.h"

namespace test {

namespace {

/* Weight and bias of a linear layer. */
struct Map {
    Doubles weight, bias;

    Map(Reader &reader, Size outputs, Size inputs)
        : weight(reader.take(outputs * inputs)), bias(reader.take(outputs)) {}
    Doubles operator()(const Doubles &x) const { return affine(weight, bias, x); }
};

/* Row i of x [.., width]. */
Doubles row(const std::vector<float> &x, Size i, Size width) {
    const auto start = x.begin() + static_cast<std::ptrdiff_t>(i * width);
    return Doubles(start, start + static_cast<std::ptrdiff_t>(width));
}

struct Norm {
    Doubles scale, shift;

    Norm(Reader &reader, Size width) : scale(reader.take(width)), shift(reader.take(width)) {}
    Doubles operator()(const Doubles &a, const Doubles &b) const {
        const double count = static_cast<double>(a.size());
        double mean = 0;
        double variance = 0;
        for (Size c = 0; c < a.size(); ++c) {
            mean += (a[c] + b[c]) / count;
        }
        for (Size c = 0; c < a.size(); ++c) {
            variance += (a[c] + b[c] - mean) * (a[c] + b[c] - mean) / count;
        }
        Doubles y(a.size());
        for (Size c = 0; c < a.size(); ++c) {
            y[c] = (a[c] + b[c] - mean) / std::sqrt(variance + 1e-5) * scale[c] + shift[c];
        }
        return y;
    }
};

/* softmax(q k^T / sqrt(d)) v for query i and one head. */
void attend(const std::vector<Doubles> &qkv, Size i, Size width, Size first, Size depth, Doubles &to) {
    Doubles weights;
    double whole = 0;
    for (const Doubles &other : qkv) {
        double score = 0;
        for (Size d = first; d < first + depth; ++d) {
            score += qkv[i][d] * other[width + d];
        }
        weights.push_back(std::exp(score / std::sqrt(static_cast<double>(depth))));
        whole += weights.back();
    }
    for (Size d = first; d < first + depth; ++d) {
        for (Size j = 0; j < qkv.size(); ++j) {
            to[d] += weights[j] / whole * qkv[j][2 * width + d];
        }
    }
}

} // namespace

std::vector<std::int32_t> TransformerShape::numbers() const {
    return {width, heads, hidden};
}

std::int64_t TransformerShape::weight_count() const {
    const std::int64_t c = width;
    return 4 * c * (c + 1) + 2 * c * hidden + hidden + c + 4 * c;
}

Doubles transformer(const TransformerShape &s, const std::vector<float> &weights, const std::vector<float> &x,
                    std::int64_t batch, std::int64_t tokens) {
    const Size c = size(s.width);
    const Size h = size(s.hidden);
    const Size n = size(tokens);
    Reader reader(weights);
    const Map in(reader, 3 * c, c);
    const Map out(reader, c, c);
    const Map widen(reader, h, c);
    const Map narrow(reader, c, h);
    const Norm first(reader, c);
    const Norm second(reader, c);
    Doubles all;
    for (Size b = 0; b < size(batch); ++b) {
        std::vector<Doubles> qkv;
        for (Size i = 0; i < n; ++i) {
            qkv.push_back(in(row(x, b * n + i, c)));
        }
        for (Size i = 0; i < n; ++i) {
            Doubles attended(c, 0.0);
            for (Size head = 0; head < size(s.heads); ++head) {
                attend(qkv, i, c, head * (c / size(s.heads)), c / size(s.heads), attended);
            }
            const Doubles y = first(row(x, b * n + i, c), out(attended));
            Doubles inner = widen(y);
            for (double &v : inner) {
                v = std::max(v, 0.0);
            }
            const Doubles z = second(y, narrow(inner));
            all.insert(all.end(), z.begin(), z.end());
        }
    }
    return all;
}

std::vector<std::int32_t> GruShape::numbers() const {
    return {inputs, hidden};
}

std::int64_t GruShape::weight_count() const {
    return std::int64_t{3} * hidden * (inputs + hidden + 2);
}

Doubles gru(const GruShape &s, const std::vector<float> &weights, const std::vector<float> &x, std::int64_t batch,
            std::int64_t frames) {
    const Size inputs = size(s.inputs);
    const Size h = size(s.hidden);
    Reader reader(weights);
    const Doubles input_weight = reader.take(3 * h * inputs);
    const Doubles state_weight = reader.take(3 * h * h);
    const Doubles input_bias = reader.take(3 * h);
    const Doubles state_bias = reader.take(3 * h);
    Doubles all;
    for (Size b = 0; b < size(batch); ++b) {
        Doubles state(h, 0.0);
        for (Size t = 0; t < size(frames); ++t) {
            const Doubles from_input = affine(input_weight, input_bias, row(x, b * size(frames) + t, inputs));
            const Doubles from_state = affine(state_weight, state_bias, state);
            for (Size i = 0; i < h; ++i) {
                const double reset = sigmoid(from_input[i] + from_state[i]);
                const double keep = sigmoid(from_input[h + i] + from_state[h + i]);
                const double fresh = std::tanh(from_input[2 * h + i] + reset * from_state[2 * h + i]);
                state[i] = (1 - keep) * fresh + keep * state[i];
            }
            all.insert(all.end(), state.begin(), state.end());
        }
    }
    return all;
}

Doubles token_pool(std::int32_t channels, std::int32_t tokens, const std::vector<float> &x, std::int64_t batch,
                   std::int64_t frames, std::int64_t bands) {
    const Size c_count = size(channels);
    const Size rows = size(frames);
    Doubles all;
    for (Size task = 0; task < size(batch) * size(tokens); ++task) {
        const Size token = task % size(tokens);
        const Size first = bin_first(token, rows, size(tokens));
        const Size end = bin_end(token, rows, size(tokens));
        for (Size c = 0; c < c_count; ++c) {
            double total = 0;
            for (Size i = first * size(bands); i < end * size(bands); ++i) {
                total += static_cast<double>(x[(task / size(tokens) * rows * size(bands) + i) * c_count + c]);
            }
            all.push_back(total / static_cast<double>((end - first) * size(bands)));
        }
    }
    return all;
}

Doubles gated_fusion(std::int32_t width, const std::vector<float> &weights, const std::vector<float> &x,
                     std::int64_t batch) {
    const Size w = size(width);
    Reader reader(weights);
    const Map carry(reader, w, w);
    const Map gate(reader, w, w);
    const Map transform(reader, w, w);
    Doubles all;
    for (Size b = 0; b < size(batch); ++b) {
        const Doubles v = row(x, b, w);
        const Doubles closed = carry(v);
        const Doubles open = gate(v);
        const Doubles fresh = transform(v);
        for (Size i = 0; i < w; ++i) {
            all.push_back(v[i] * (1 - sigmoid(closed[i])) + fresh[i] * sigmoid(open[i]));
        }
    }
    return all;
}

} // namespace test
