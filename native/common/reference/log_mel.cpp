#include "log_mel.h"

#include <algorithm>
#include <cmath>

#include "earshot_layers.h"
#include "harness.h"

namespace test::log_mel {

std::string Setting::text() const {
    return "n_fft " + std::to_string(n_fft) + " window " + std::to_string(window_length) + " hop " +
           std::to_string(hop) + (reflect ? " reflect" : " constant");
}

std::vector<Filter> filters(const Setting &setting, std::uint64_t seed) {
    Random random(seed);
    const std::uint32_t bins = static_cast<std::uint32_t>(setting.n_fft) / 2 + 1;
    std::vector<Filter> all;
    for (std::int32_t band = 0; band < setting.bands; ++band) {
        const std::uint32_t first = random.bits() % bins;
        const std::uint32_t most = std::min(bins - first, 1 + bins / 8);
        all.push_back({static_cast<std::int32_t>(first), random.vector(random.bits() % (most + 1), 0.0F, 1.0F)});
    }
    all.back() = {static_cast<std::int32_t>(bins) - 2, {0.5F, 0.25F}};
    return all;
}

Packed::Packed(const Setting &setting, const std::vector<Filter> &filters)
    : numbers({setting.n_fft, setting.window_length, setting.hop, setting.bands, setting.most_frames,
               setting.reflect ? EARSHOT_PAD_REFLECT : EARSHOT_PAD_CONSTANT}) {
    for (const Filter &filter : filters) {
        numbers.push_back(filter.first);
        numbers.push_back(static_cast<std::int32_t>(filter.weights.size()));
        weights.insert(weights.end(), filter.weights.begin(), filter.weights.end());
    }
    weights.push_back(TOP_DECIBEL);
}

namespace {

/* A value and how far a computation in float64 with a float32 result may be from it. */
struct Bounded {
    double value;
    double error;
};

/* The clip with half a transform around it: zeros, or the clip walked back and forth. */
std::vector<double> padded(const Setting &setting, const Clip &clip) {
    const std::int64_t pad = setting.n_fft / 2;
    const std::int64_t samples = static_cast<std::int64_t>(clip.size());
    const auto sample = [&](std::int64_t i) { return clip[static_cast<std::size_t>(i)] + 0x1p-52; };
    std::vector<double> mirrored; /* what lies at distance 0, 1, ... from either end's first sample */
    std::int64_t at = 0;
    std::int64_t step = 1;
    for (std::int64_t i = 0; i < pad + samples; ++i) {
        mirrored.push_back(sample(at));
        if (at + step < 0 || at + step >= samples) {
            step = -step;
        }
        at += samples > 1 ? step : 0;
    }
    std::vector<double> signal;
    for (std::int64_t i = -pad; i < samples + pad; ++i) {
        const bool inside = i >= 0 && i < samples;
        signal.push_back(inside || setting.reflect ? mirrored[static_cast<std::size_t>(std::abs(i))] : 0.0);
    }
    return signal;
}

/* S[t, f] of all frames, by the definition of the discrete Fourier transform. */
std::vector<Bounded> band_powers(const Setting &setting, const std::vector<Filter> &filters, const Clip &clip) {
    const std::vector<double> signal = padded(setting, clip);
    const std::size_t n = static_cast<std::size_t>(setting.n_fft);
    const std::size_t margin = static_cast<std::size_t>(setting.n_fft - setting.window_length) / 2;
    std::vector<double> cosine(n);
    for (std::size_t i = 0; i < n; ++i) {
        cosine[i] = std::cos(2 * M_PI * static_cast<double>(i) / static_cast<double>(n));
    }
    std::vector<Bounded> powers;
    for (std::int32_t frame = 0; frame < setting.frames(clip.size()); ++frame) {
        std::vector<double> windowed(n);
        double sum = 0;
        for (std::size_t i = 0; i < static_cast<std::size_t>(setting.window_length); ++i) {
            const double hann = 0.5 - 0.5 * std::cos(2 * M_PI * static_cast<double>(i) / setting.window_length);
            windowed[margin + i] = hann * signal[static_cast<std::size_t>(frame * setting.hop) + margin + i];
            sum += std::abs(windowed[margin + i]);
        }
        std::vector<double> magnitudes;
        for (std::size_t bin = 0; bin <= n / 2; ++bin) {
            double real = 0;
            double imaginary = 0;
            for (std::size_t i = margin; i < margin + static_cast<std::size_t>(setting.window_length); ++i) {
                real += windowed[i] * cosine[bin * i % n];
                imaginary += windowed[i] * cosine[(bin * i + n / 4) % n];
            }
            magnitudes.push_back(std::hypot(real, imaginary));
        }
        for (const Filter &filter : filters) {
            double power = 0;
            double weights = 0;
            for (std::size_t i = 0; i < filter.weights.size(); ++i) {
                power += filter.weights[i] * magnitudes[static_cast<std::size_t>(filter.first) + i];
                weights += filter.weights[i];
            }
            /* A few roundings of 2^-53 in each of log2(n) passes, of no more than the sum of all samples; the sums of
               the definition here, n terms long, err more, by up to n roundings. */
            powers.push_back({power, 0x1p-24 * power + 0x1p-53 * static_cast<double>(n) * sum * weights});
        }
    }
    return powers;
}

/* In dB, where the derivative is 10 / (ln 10 S); the result is rounded to float32. */
Bounded decibel(const Bounded &power) {
    const double bounded = std::max(1e-10, power.value);
    const double value = 10 * std::log10(bounded);
    return {value, 10 / std::log(10.0) * power.error / bounded + 0x1p-23 * std::abs(value)};
}

} // namespace

int compare(const Setting &setting, const std::vector<Clip> &clips, const std::vector<Filter> &filters,
            const std::vector<float> &actual) {
    std::size_t position = 0;
    int clamped = 0;
    for (const Clip &clip : clips) {
        std::vector<Bounded> powers = band_powers(setting, filters, clip);
        const Bounded loudest = decibel(*std::max_element(
            powers.begin(), powers.end(), [](const Bounded &a, const Bounded &b) { return a.value < b.value; }));
        const double lowest = loudest.value - TOP_DECIBEL;
        const Bounded clamp = {lowest, loudest.error + 0x1p-24 * std::abs(lowest)};
        powers.resize(static_cast<std::size_t>(setting.kept(clip.size()) * setting.bands));
        for (const Bounded &power : powers) {
            const Bounded level = decibel(power);
            clamped += level.value < clamp.value ? 1 : 0;
            const double expected = std::max(level.value, clamp.value);
            const double allowed = std::max(level.value > clamp.value - level.error ? level.error : 0, clamp.error);
            /* Written so that NaN fails too. */
            CHECK_THAT(std::abs(actual[position] - expected) <= allowed,
                       setting.text() + ", " + std::to_string(clip.size()) + " samples, value " +
                           std::to_string(position) + ": " + std::to_string(actual[position]) + ", expected " +
                           std::to_string(expected));
            ++position;
        }
    }
    CHECK(position == actual.size());
    return clamped;
}

Clip noise(std::size_t samples, float amplitude, std::uint64_t seed) {
    return Random(seed).vector(static_cast<std::int64_t>(samples), -amplitude, amplitude);
}

std::vector<float> joined(const std::vector<Clip> &clips) {
    std::vector<float> pcm;
    for (const Clip &clip : clips) {
        pcm.insert(pcm.end(), clip.begin(), clip.end());
    }
    return pcm;
}

} // namespace test::log_mel
