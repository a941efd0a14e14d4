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
    layer.out = reader.take(c * e);
    return layer;
}

using Sequence = std::vector<Doubles>;

/* The gated output of the scan, which out_proj takes. */
Sequence gated_scan(const Layer &w, const MambaShape &s, const Sequence &input) {
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
        output.push_back(y);
    }
    return output;
}

/* input + out_proj y */
Sequence mamba_layer(const Layer &w, const MambaShape &s, const Sequence &input) {
    const Doubles out = factors(w.out, s.precision);
    Sequence output = input;
    const Sequence y = gated_scan(w, s, input);
    for (Size t = 0; t < input.size(); ++t) {
        const Doubles product = multiply(out, factors(y[t], s.precision));
        for (Size c = 0; c < product.size(); ++c) {
            output[t][c] += product[c];
        }
    }
    return output;
}

/* Rows [outputs, inputs] of the matrix that takes a direction's part of the projection, `half`, from y instead of from
 * out_proj y. */
Doubles behind_out_projection(const Doubles &out, const Doubles &half, Size channels) {
    const Size inner = out.size() / channels;
    Doubles product(channels * inner, 0.0);
    for (Size c = 0; c < channels; ++c) {
        for (Size k = 0; k < channels; ++k) {
            for (Size e = 0; e < inner; ++e) {
                product[c * inner + e] += half[k * channels + c] * out[k * inner + e];
            }
        }
    }
    return product;
}

/* [inputs, outputs] to [outputs, inputs]. */
Doubles turned(const Doubles &matrix, Size outputs) {
    Doubles result(matrix.size());
    const Size inputs = matrix.size() / outputs;
    for (Size i = 0; i < inputs; ++i) {
        for (Size o = 0; o < outputs; ++o) {
            result[o * inputs + i] = matrix[i * outputs + o];
        }
    }
    return result;
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
    /*
     * Where factors are rounded it matters which products there are: with x the input of a direction's last layer and y
     * its gated scan, (x + out_proj y) P is computed as x P + y (out_proj P); and of a single layer both directions' x
     * is the same, which takes the sum of both P.
     */
    const Doubles halves[2] = {reader.take(c_count * c_count), reader.take(c_count * c_count)};
    Doubles of_x[2];
    Doubles of_y[2];
    for (int direction = 0; direction < 2; ++direction) {
        Doubles p = halves[direction];
        for (Size i = 0; i < p.size() && s.layers == 1; ++i) {
            p[i] = direction == 0 ? p[i] + halves[1][i] : 0.0;
        }
        of_x[direction] = factors(turned(p, c_count), s.precision);
        of_y[direction] =
            factors(behind_out_projection(layers[direction].back().out, halves[direction], c_count), s.precision);
    }
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
                for (Size l = 0; l + 1 < layers[direction].size(); ++l) {
                    sequence = mamba_layer(layers[direction][l], s, sequence);
                }
                const Sequence y = gated_scan(layers[direction].back(), s, sequence);
                for (Size p = 0; p < length; ++p) {
                    Doubles row = multiply(of_x[direction], factors(sequence[p], s.precision));
                    const Doubles more = multiply(of_y[direction], factors(y[p], s.precision));
                    for (Size c = 0; c < c_count; ++c) {
                        row[c] += more[c];
                    }
                    results[direction].push_back(row);
                }
            }
            for (Size p = 0; p < length; ++p) {
                for (Size c = 0; c < c_count; ++c) {
                    output[place(p) + c] = static_cast<double>(x[place(p) + c]) + bias[c] + results[0][p][c] +
                                           results[1][length - 1 - p][c];
                }
            }
        }
    }
    return output;
}

} // namespace test
