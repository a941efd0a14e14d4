#include <cmath>

#include "reference_math.h"

namespace test {

namespace {

/* Instance norm and PReLU on [positions, channels]. */
void finish(Doubles &y, Size channels, Reader &reader) {
    const Doubles scale = reader.take(channels);
    const Doubles shift = reader.take(channels);
    const Doubles slope = reader.take(channels);
    const Size positions = y.size() / channels;
    const double count = static_cast<double>(positions);
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
