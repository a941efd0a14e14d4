#include <cmath>

#include "reference_math.h"

namespace test {

namespace {

double silu(double x) {
    return x / (1 + std::exp(-x));
}

double softplus(double x) {
    return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

struct Layer {
    Doubles in, conv, conv_bias, x, dt, dt_bias, a_log, skip, out;
};

Layer read_layer(Reader &reader, const MambaShape &s) {
    const Size c = size(s.channels);
    const Size e = size(s.inner);
    const Size n = size(s.states);
    const Size r = size(s.rank);
    Layer layer;
    const Doubles norm = reader.take(c);
    layer.in = reader.take(2 * e * c);
    for (Size i = 0; i < layer.in.size(); ++i) {
        layer.in[i] *= norm[i % c];
    }
    layer.in = factors(layer.in, s.precision);
    layer.conv = reader.take(e * size(s.taps));
    layer.conv_bias = reader.take(e);
    layer.x = factors(reader.take((r + 2 * n) * e), s.precision);
    layer.dt = reader.take(e * r);
    layer.dt_bias = reader.take(e);
    layer.a_log = reader.take(e * n);
    layer.skip = reader.take(e);
    layer.out = factors(reader.take(c * e), s.precision);
    return layer;
}

using Sequence = std::vector<Doubles>;

Sequence mamba_layer(const Layer &w, const MambaShape &s, const Sequence &input) {
    const Size e_count = size(s.inner);
    const Size n_count = size(s.states);
    const Size rank = size(s.rank);
    const Size taps = size(s.taps);
    Sequence u;
    Sequence z;
    for (const Doubles &x : input) {
        double squares = 0;
        for (const double v : x) {
            squares += v * v;
        }
        Doubles h = x;
        for (Size c = 0; c < x.size(); ++c) {
            h[c] /= std::sqrt(squares / static_cast<double>(x.size()) + 1e-5);
        }
        const Doubles both = multiply(w.in, factors(h, s.precision));
        u.emplace_back(both.begin(), both.begin() + s.inner);
        z.emplace_back(both.begin() + s.inner, both.end());
    }
    Doubles state(e_count * n_count, 0.0);
    Sequence output;
    for (Size t = 0; t < input.size(); ++t) {
        Doubles v(e_count);
        for (Size e = 0; e < e_count; ++e) {
            double total = w.conv_bias[e];
            for (Size k = 0; k < taps; ++k) {
                if (t + k + 1 >= taps) {
                    total += w.conv[e * taps + k] * u[t + k + 1 - taps][e];
                }
            }
            v[e] = silu(total);
        }
        const Doubles dbc = multiply(w.x, factors(v, s.precision));
        Doubles y(e_count);
        for (Size e = 0; e < e_count; ++e) {
            double step = w.dt_bias[e];
            for (Size r = 0; r < rank; ++r) {
                step += w.dt[e * rank + r] * dbc[r];
            }
            const double delta = softplus(step);
            y[e] = w.skip[e] * v[e];
            for (Size n = 0; n < n_count; ++n) {
                double &h = state[e * n_count + n];
                h = std::exp(-delta * std::exp(w.a_log[e * n_count + n])) * h + delta * dbc[rank + n] * v[e];
                y[e] += dbc[rank + n_count + n] * h;
            }
            y[e] *= silu(z[t][e]);
        }
        Doubles out = multiply(w.out, factors(y, s.precision));
        for (Size c = 0; c < out.size(); ++c) {
            out[c] += input[t][c];
        }
        output.push_back(out);
    }
    return output;
}

} // namespace

std::vector<std::int32_t> MambaShape::numbers() const {
    return {axis, norm, condition, layers, channels, inner, states, rank, taps};
}

std::int64_t MambaShape::weight_count() const {
    const std::int64_t c = channels;
    const std::int64_t e = inner;
    const std::int64_t layer =
        c + 2 * e * c + e * taps + e + (rank + 2 * states) * e + e * rank + e + e * states + e + c * e;
    const std::int64_t pre = norm == EARSHOT_NORM_NONE    ? 0
                             : norm == EARSHOT_NORM_LAYER ? 2 * c
                                                          : 2 * c * (condition + 1);
    return pre + 2 * layers * layer + 2 * c * c + c;
}

std::vector<float> mamba_weights(const MambaShape &s, std::uint64_t seed) {
    Random random(seed);
    std::vector<float> all;
    const auto add = [&](std::int64_t count, float low, float high) {
        const std::vector<float> more = random.vector(count, low, high);
        all.insert(all.end(), more.begin(), more.end());
    };
    const auto spread = [](std::int64_t inputs) { return 1.5F / std::sqrt(static_cast<float>(inputs)); };
    const std::int64_t c = s.channels;
    const std::int64_t e = s.inner;
    if (s.norm == EARSHOT_NORM_LAYER) {
        add(c, 0.5F, 1.5F);
        add(c, -0.5F, 0.5F);
    } else if (s.norm == EARSHOT_NORM_CONDITIONAL) {
        for (int half = 0; half < 2; ++half) {
            add(c * s.condition, -spread(s.condition), spread(s.condition));
            add(c, half == 0 ? 0.5F : -0.5F, half == 0 ? 1.5F : 0.5F);
        }
    }
    for (int l = 0; l < 2 * s.layers; ++l) {
        add(c, 0.5F, 1.5F);
        add(2 * e * c, -spread(c), spread(c));
        add(e * s.taps, -spread(s.taps), spread(s.taps));
        add(e, -0.3F, 0.3F);
        add((s.rank + 2 * s.states) * e, -spread(e), spread(e));
        add(e * s.rank, -spread(s.rank), spread(s.rank));
        add(e, -6.9F, -2.2F);
        for (std::int64_t i = 0; i < e; ++i) {
            for (std::int32_t n = 0; n < s.states; ++n) {
                all.push_back(std::log(static_cast<float>(n + 1)) + random.uniform(-0.3F, 0.3F));
            }
        }
        add(e, 0.5F, 1.5F);
        add(c * e, -spread(e), spread(e));
    }
    add(2 * c * c, -spread(2 * c), spread(2 * c));
    add(c, -0.5F, 0.5F);
    return all;
}

Doubles mamba_path(const MambaShape &s, const std::vector<float> &weights, const std::vector<float> &x,
                   const std::vector<float> &condition, std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    const Size c_count = size(s.channels);
    Reader reader(weights);
    Doubles gamma;
    Doubles gamma_bias;
    Doubles beta;
    Doubles beta_bias;
    if (s.norm == EARSHOT_NORM_CONDITIONAL) {
        gamma = reader.take(c_count * size(s.condition));
        gamma_bias = reader.take(c_count);
        beta = reader.take(c_count * size(s.condition));
        beta_bias = reader.take(c_count);
    } else if (s.norm == EARSHOT_NORM_LAYER) {
        gamma_bias = reader.take(c_count);
        beta_bias = reader.take(c_count);
    }
    std::vector<Layer> layers[2];
    for (std::vector<Layer> &direction : layers) {
        for (int l = 0; l < s.layers; ++l) {
            direction.push_back(read_layer(reader, s));
        }
    }
    const Doubles projection = factors(reader.take(2 * c_count * c_count), s.precision);
    const Doubles bias = reader.take(c_count);

    const bool over_time = s.axis == EARSHOT_AXIS_TIME;
    const Size length = size(over_time ? frames : bands);
    const Size others = size(over_time ? bands : frames);
    Doubles output(x.size());
    for (Size b = 0; b < size(batch); ++b) {
        Doubles scale = gamma_bias;
        Doubles shift = beta_bias;
        for (Size c = 0; c < c_count && !gamma.empty(); ++c) {
            for (Size k = 0; k < size(s.condition); ++k) {
                const double v = static_cast<double>(condition[b * size(s.condition) + k]);
                scale[c] += gamma[c * size(s.condition) + k] * v;
                shift[c] += beta[c * size(s.condition) + k] * v;
            }
        }
        for (Size other = 0; other < others; ++other) {
            const auto place = [&](Size p) {
                return ((b * size(frames) + (over_time ? p : other)) * size(bands) + (over_time ? other : p)) * c_count;
            };
            Sequence normed;
            for (Size p = 0; p < length; ++p) {
                Doubles row(c_count);
                double mean = 0;
                for (Size c = 0; c < c_count; ++c) {
                    row[c] = static_cast<double>(x[place(p) + c]);
                    mean += row[c] / static_cast<double>(c_count);
                }
                double variance = 0;
                for (const double v : row) {
                    variance += (v - mean) * (v - mean) / static_cast<double>(c_count);
                }
                for (Size c = 0; c < c_count && !scale.empty(); ++c) {
                    row[c] = (row[c] - mean) / std::sqrt(variance + 1e-5) * scale[c] + shift[c];
                }
                normed.push_back(row);
            }
            Sequence results[2];
            for (int direction = 0; direction < 2; ++direction) {
                Sequence sequence = direction == 0 ? normed : Sequence(normed.rbegin(), normed.rend());
                for (const Layer &layer : layers[direction]) {
                    sequence = mamba_layer(layer, s, sequence);
                }
                results[direction] = direction == 0 ? sequence : Sequence(sequence.rbegin(), sequence.rend());
            }
            for (Sequence &result : results) {
                for (Doubles &row : result) {
                    row = factors(row, s.precision);
                }
            }
            for (Size p = 0; p < length; ++p) {
                for (Size c = 0; c < c_count; ++c) {
                    double total = static_cast<double>(x[place(p) + c]) + bias[c];
                    for (Size k = 0; k < c_count; ++k) {
                        total += projection[k * c_count + c] * results[0][p][k];
                        total += projection[(c_count + k) * c_count + c] * results[1][p][k];
                    }
                    output[place(p) + c] = total;
                }
            }
        }
    }
    return output;
}

} // namespace test
