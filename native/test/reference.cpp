#include "reference.h"

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

std::vector<std::int32_t> EncoderShape::numbers() const {
    std::vector<std::int32_t> all = {channels, block_layers};
    all.insert(all.end(), geometry.begin(), geometry.end());
    return all;
}

std::int64_t EncoderShape::weight_count() const {
    const std::int64_t c = channels;
    std::int64_t total = 5 * c;
    for (int i = 0; i <= block_layers; ++i) {
        const std::int64_t slices = i == block_layers ? 1 : i + 1;
        total += c * slices * c * geometry[size(6 * i)] * geometry[size(6 * i + 1)] + 4 * c;
    }
    return total;
}

std::int64_t EncoderShape::output_frames(std::int64_t frames) const {
    const std::int32_t *g = &geometry[size(6 * block_layers)];
    return frames + 2 * g[2] - g[4] * (g[0] - 1);
}

std::int64_t EncoderShape::output_bands(std::int64_t bands) const {
    const std::int32_t *g = &geometry[size(6 * block_layers)];
    return (bands + 2 * g[3] - g[1]) / g[5] + 1;
}

EncoderShape EncoderShape::paper(std::int32_t channels, std::int32_t block_layers) {
    EncoderShape shape = {channels, block_layers, {}};
    for (int i = 0; i < block_layers; ++i) {
        const std::vector<std::int32_t> g = {3, 3, 1 << i, 1, 1 << i, 1};
        shape.geometry.insert(shape.geometry.end(), g.begin(), g.end());
    }
    const std::vector<std::int32_t> last = {1, 3, 0, 0, 1, 2};
    shape.geometry.insert(shape.geometry.end(), last.begin(), last.end());
    return shape;
}

namespace {

/* Instance norm and PReLU on [positions, channels]. */
void finish(Doubles &y, Size channels, Reader &reader) {
    const Doubles scale = reader.take(channels);
    const Doubles shift = reader.take(channels);
    const Doubles slope = reader.take(channels);
    const double count = static_cast<double>(y.size() / channels);
    for (Size c = 0; c < channels; ++c) {
        double mean = 0;
        double variance = 0;
        for (Size i = c; i < y.size(); i += channels) {
            mean += y[i] / count;
        }
        for (Size i = c; i < y.size(); i += channels) {
            variance += (y[i] - mean) * (y[i] - mean) / count;
        }
        for (Size i = c; i < y.size(); i += channels) {
            const double n = (y[i] - mean) / std::sqrt(variance + 1e-5) * scale[c] + shift[c];
            y[i] = n > 0 ? n : slope[c] * n;
        }
    }
}

/* `inputs` newest first, each [frames, bands, channels]. */
Doubles convolve(const std::vector<Doubles> &inputs, Size channels, Size outputs, const std::int32_t *g,
                 std::int64_t frames, std::int64_t bands, std::int32_t precision, Reader &reader) {
    const Size kt = size(g[0]);
    const Size kf = size(g[1]);
    const Size in_count = inputs.size() * channels;
    const Doubles weight = factors(reader.take(outputs * in_count * kt * kf), precision);
    const Doubles bias = reader.take(outputs);
    const std::int64_t out_frames = frames + 2 * g[2] - g[4] * (g[0] - 1);
    const std::int64_t out_bands = (bands + 2 * g[3] - g[1]) / g[5] + 1;
    Doubles y;
    for (std::int64_t t = 0; t < out_frames; ++t) {
        for (std::int64_t f = 0; f < out_bands; ++f) {
            for (Size o = 0; o < outputs; ++o) {
                double total = bias[o];
                for (Size i = 0; i < kt; ++i) {
                    for (Size j = 0; j < kf; ++j) {
                        const std::int64_t from = t + static_cast<std::int64_t>(i) * g[4] - g[2];
                        const std::int64_t band = f * g[5] + static_cast<std::int64_t>(j) - g[3];
                        if (from < 0 || from >= frames || band < 0 || band >= bands) {
                            continue;
                        }
                        for (Size c = 0; c < in_count; ++c) {
                            total += weight[((o * in_count + c) * kt + i) * kf + j] *
                                     inputs[c / channels][size(from * bands + band) * channels + c % channels];
                        }
                    }
                }
                y.push_back(total);
            }
        }
    }
    return y;
}

} // namespace

Doubles dense_encoder(const EncoderShape &s, const std::vector<float> &weights, const std::vector<float> &x,
                      std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    const Size c = size(s.channels);
    Doubles all;
    for (std::int64_t b = 0; b < batch; ++b) {
        Reader reader(weights);
        const std::int32_t pointwise[] = {1, 1, 0, 0, 1, 1};
        const auto start = x.begin() + b * frames * bands;
        std::vector<Doubles> newest_first = {convolve({Doubles(start, start + frames * bands)}, 1, c, pointwise, frames,
                                                      bands, EARSHOT_PRECISION_FLOAT32, reader)};
        finish(newest_first[0], c, reader);
        newest_first[0] = factors(newest_first[0], s.precision);
        for (int i = 0; i < s.block_layers; ++i) {
            Doubles y = convolve(newest_first, c, c, &s.geometry[size(6 * i)], frames, bands, s.precision, reader);
            finish(y, c, reader);
            newest_first.insert(newest_first.begin(), factors(y, s.precision));
        }
        Doubles last = convolve({newest_first[0]}, c, c, &s.geometry[size(6 * s.block_layers)], frames, bands,
                                s.precision, reader);
        finish(last, c, reader);
        all.insert(all.end(), last.begin(), last.end());
    }
    return all;
}

} // namespace test
