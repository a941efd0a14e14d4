/* Convolutions by warpgroups alone, against sums in double precision over the numbers that they read: planes in slabs
   in, rows of channels and the statistics of tiles out. Says where what is wrong lies. */
#include <cmath>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "convolution.h"
#include "device_array.h"
#include "factors.h"
#include "harness.h"
#include "runtime.h"
#include "vectors.h"

namespace {

using earshot::Arithmetic;
using earshot::Convolution;
using earshot::ConvolutionGeometry;

constexpr int CHANNELS = 64;
constexpr int SLAB = 8;

std::string list_of(const std::set<std::int64_t> &values) {
    std::string text;
    for (const std::int64_t v : values) {
        text += " " + std::to_string(v);
    }
    return text;
}

struct Case {
    ConvolutionGeometry geometry;
    std::int32_t planes;
    std::int64_t batch;
    std::int32_t frames;
    std::int32_t bands;
};

/* Words of the planes' slabs, and the numbers that they hold: [plane, clip, channel, frame, band]. */
struct Slabs {
    std::vector<std::uint32_t> words;
    std::vector<double> numbers;
};

Slabs make_slabs(const Case &c, Arithmetic arithmetic, test::Random &random) {
    const std::int64_t positions = std::int64_t{c.frames} * c.bands;
    const std::int64_t parts = earshot::splits(arithmetic) ? 2 : 1;
    Slabs slabs;
    slabs.words.resize(static_cast<std::size_t>(c.planes * c.batch * parts * CHANNELS / 2 * positions));
    slabs.numbers.resize(static_cast<std::size_t>(c.planes * c.batch * CHANNELS * positions));
    const bool by_parity = earshot::plane_order(c.geometry) == earshot::PlaneOrder::SLABS_BY_PARITY;
    for (std::int64_t clip = 0; clip < c.planes * c.batch; ++clip) {
        for (std::int64_t channel = 0; channel < CHANNELS; channel += 2) {
            for (std::int64_t at = 0; at < positions; ++at) {
                const std::int64_t band = at % c.bands;
                const std::int64_t place = by_parity ? at - band + band / 2 + band % 2 * ((c.bands + 1) / 2) : at;
                const float first = random.uniform(-2.0F, 2.0F);
                const float second = random.uniform(-2.0F, 2.0F);
                const earshot::WeightWord word = earshot::weight_word(arithmetic, first, second);
                const earshot::Word kind =
                    arithmetic == Arithmetic::BF16_PAIRS ? earshot::Word::BF16 : earshot::Word::HALF;
                for (std::int64_t part = 0; part < parts; ++part) {
                    const std::uint32_t bits = part == 0 ? word.high : word.low;
                    slabs.words[static_cast<std::size_t>(
                        (((clip * parts + part) * CHANNELS / SLAB + channel / SLAB) * positions + place) * SLAB / 2 +
                        channel % SLAB / 2)] = bits;
                    for (int i = 0; i < 2; ++i) {
                        slabs.numbers[static_cast<std::size_t>((clip * CHANNELS + channel + i) * positions + at)] +=
                            test::factor_number(kind, bits, i);
                    }
                }
            }
        }
    }
    return slabs;
}

void compare(const Case &c, Arithmetic arithmetic) {
    test::Random random(static_cast<std::uint64_t>(c.frames * 131 + c.bands));
    const ConvolutionGeometry &g = c.geometry;
    const std::int64_t taps = g.taps();
    const std::int64_t inputs = std::int64_t{c.planes} * CHANNELS;
    const Slabs slabs = make_slabs(c, arithmetic, random);
    std::vector<float> weights = random.vector(CHANNELS * inputs * taps, -1.0F, 1.0F);
    /* Numbers that bfloat16 and half precision hold. */
    for (float &w : weights) {
        w = std::round(w * 64) / 64;
    }
    const std::int64_t frames_out = g.frames_out(c.frames);
    const std::int64_t bands_out = g.bands_out(c.bands);
    const std::int64_t pitch = earshot::raw_pitch(static_cast<std::int32_t>(bands_out));
    const std::int64_t row = frames_out * pitch;
    const earshot::DeviceArray<std::uint32_t> device_weights(
        earshot::pack_warpgroups(weights.data(), c.planes, g, arithmetic));
    const earshot::DeviceArray<float> scale(std::vector<float>(CHANNELS, 1.0F));
    const test::DeviceArray planes(test::as_floats(slabs.words));
    Convolution convolution = {};
    convolution.batch = c.batch;
    convolution.frames = c.frames;
    convolution.bands = c.bands;
    convolution.geometry = g;
    convolution.input = {earshot::as_words(planes.span()), static_cast<std::int64_t>(slabs.words.size()) / c.planes,
                         CHANNELS};
    convolution.first = c.planes - 1;
    convolution.weights = device_weights.span();
    convolution.scale = scale.span();
    convolution.common_scale = 1.0F;
    convolution.channels_out = CHANNELS;
    convolution.tiles = earshot::plan_warpgroups(g, c.frames, c.bands);
    const std::int64_t tiles = convolution.tiles.count();
    const test::DeviceArray out(c.batch * CHANNELS * row);
    const test::DeviceArray statistics(c.batch * CHANNELS * tiles * 2);
    const test::DeviceArray counts(tiles);
    convolution.out = out.span();
    convolution.statistics = statistics.span();
    convolution.counts = counts.span();
    test::require(earshot::enqueue_warpgroups(convolution, arithmetic, nullptr), "a convolution by warpgroups");
    const std::vector<float> actual = out.values();
    const std::vector<float> means = statistics.values();
    const std::vector<float> shares = counts.values();
    std::set<std::int64_t> wrong_channels;
    std::set<std::int64_t> wrong_frames;
    std::set<std::int64_t> wrong_bands;
    std::int64_t wrong = 0;
    double wrong_mean = 0;
    for (std::int64_t clip = 0; clip < c.batch; ++clip) {
        for (std::int64_t channel = 0; channel < CHANNELS; ++channel) {
            double total = 0;
            for (std::int64_t frame = 0; frame < frames_out; ++frame) {
                for (std::int64_t band = 0; band < bands_out; ++band) {
                    double exact = 0;
                    double size = 0;
                    for (std::int64_t in = 0; in < inputs; ++in) {
                        /* The newest plane comes first. */
                        const std::int64_t plane = c.planes - 1 - in / CHANNELS;
                        const std::int64_t base =
                            ((plane * c.batch + clip) * CHANNELS + in % CHANNELS) * c.frames * c.bands;
                        for (std::int64_t tap = 0; tap < taps; ++tap) {
                            const std::int64_t t = frame + tap / g.kernel_frequency * g.dilation_time - g.padding_time;
                            const std::int64_t f =
                                band * g.stride_frequency + tap % g.kernel_frequency - g.padding_frequency;
                            if (t >= 0 && t < c.frames && f >= 0 && f < c.bands) {
                                const double product =
                                    static_cast<double>(
                                        weights[static_cast<std::size_t>((channel * inputs + in) * taps + tap)]) *
                                    slabs.numbers[static_cast<std::size_t>(base + t * c.bands + f)];
                                exact += product;
                                size += std::fabs(product);
                            }
                        }
                    }
                    const double value =
                        actual[static_cast<std::size_t>((clip * CHANNELS + channel) * row + frame * pitch + band)];
                    total += value;
                    /* Sums are cut off at each of the instructions (HALF, BF16_PAIRS), or rounded. */
                    const double allowed = size * std::ldexp(1.0, -23) * static_cast<double>(inputs * taps) / 16;
                    if (!(std::fabs(value - exact) <= allowed)) {
                        ++wrong;
                        wrong_channels.insert(channel);
                        wrong_frames.insert(frame);
                        wrong_bands.insert(band);
                    }
                }
            }
            double mean = 0;
            for (std::int64_t tile = 0; tile < tiles; ++tile) {
                mean += static_cast<double>(
                            means[static_cast<std::size_t>(((clip * CHANNELS + channel) * tiles + tile) * 2)]) *
                        shares[static_cast<std::size_t>(tile)];
            }
            /* Each tile's mean is rounded a few times. */
            const double off = std::fabs(mean - total);
            wrong_mean = std::fmax(wrong_mean, std::isnan(off) ? 1e30 : off);
        }
    }
    const std::string what = "kind " + std::to_string(static_cast<int>(arithmetic)) + " taps " + std::to_string(taps) +
                             " dilation " + std::to_string(g.dilation_time) + " planes " + std::to_string(c.planes) +
                             " B " + std::to_string(c.batch) + " T " + std::to_string(c.frames) + " F " +
                             std::to_string(c.bands);
    CHECK_THAT(wrong == 0, std::to_string(wrong) + " numbers are wrong, " + what + ", frames" + list_of(wrong_frames) +
                               ", bands" + list_of(wrong_bands) + ", channels" + list_of(wrong_channels));
    const double numbers = static_cast<double>(frames_out * bands_out);
    CHECK_THAT(wrong_mean <= numbers * 1e-4, "the tiles' means are off by " + std::to_string(wrong_mean) + ", " + what);
}

ConvolutionGeometry block(std::int32_t dilation) {
    return {3, 3, dilation, 1, dilation, 1};
}
constexpr ConvolutionGeometry LAST = {1, 3, 0, 0, 1, 2};

TEST(warpgroup_convolutions) {
    if (!earshot::uses_warpgroups()) {
        return;
    }
    for (const Arithmetic a : {Arithmetic::HALF, Arithmetic::HALF_SPLIT, Arithmetic::BF16_PAIRS}) {
        compare({block(1), 1, 1, 3, 13}, a);
        compare({block(1), 1, 1, 5, 13}, a);
        compare({block(1), 1, 1, 4, 64}, a);
        compare({block(2), 3, 1, 9, 64}, a);
        compare({block(1), 1, 2, 5, 67}, a);
        compare({LAST, 1, 1, 5, 13}, a);
        compare({LAST, 1, 2, 5, 64}, a);
        compare({LAST, 1, 1, 3, 67}, a);
        compare({LAST, 1, 1, 1, 133}, a);
    }
}

} // namespace
