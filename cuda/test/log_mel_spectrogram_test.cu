/* The log-mel kernels against a Fourier transform written down as its definition says, in float64. */
#include "log_mel_kernels.h"

#include <algorithm>
#include <cstring>

#include "cuda_calls.h"
#include "device_array.h"
#include "runtime.h"

namespace {

using namespace earshot;

struct Setting {
    std::int32_t n_fft;
    std::int32_t window_length;
    std::int32_t hop;
    std::int32_t bands;
    std::int32_t most_frames;
    bool reflect;

    std::int32_t frames(std::size_t samples) const { return 1 + static_cast<std::int32_t>(samples) / hop; }
    std::int32_t kept(std::size_t samples) const { return std::min(frames(samples), most_frames); }
    std::string text() const {
        return "n_fft " + std::to_string(n_fft) + " window " + std::to_string(window_length) + " hop " +
               std::to_string(hop) + (reflect ? " reflect" : " constant");
    }
};

/* 80 as in the baseline. */
constexpr float TOP_DECIBEL = 80;

using Clip = std::vector<float>;

struct Filter {
    std::int32_t first;
    std::vector<float> weights;
};

/* As many weights as mel filters have, some with none, the last with the last bin. */
std::vector<Filter> filters(const Setting &setting, std::uint64_t seed) {
    test::Random random(seed);
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

std::vector<float> joined(const std::vector<Clip> &clips) {
    std::vector<float> pcm;
    for (const Clip &clip : clips) {
        pcm.insert(pcm.end(), clip.begin(), clip.end());
    }
    return pcm;
}

/* Runs the kernels on clips of equal length. */
std::vector<float> computed(const Setting &setting, const std::vector<Filter> &filters,
                            const std::vector<Clip> &clips) {
    std::vector<std::int32_t> first_bin;
    std::vector<std::int32_t> first_weight = {0};
    std::vector<float> weights;
    for (const Filter &filter : filters) {
        first_bin.push_back(filter.first);
        weights.insert(weights.end(), filter.weights.begin(), filter.weights.end());
        first_weight.push_back(static_cast<std::int32_t>(weights.size()));
    }
    const std::size_t samples = clips[0].size();
    const DeviceArray<float> pcm(joined(clips));
    const DeviceArray<double> window(hann_window(setting.window_length));
    const DeviceArray<Complex> roots(roots_of_unity(setting.n_fft));
    const DeviceArray<std::int32_t> bins(first_bin);
    const DeviceArray<std::int32_t> starts(first_weight);
    const DeviceArray<float> on_device(weights);
    const auto batch = static_cast<std::int32_t>(clips.size());
    const test::DeviceArray features(std::int64_t{batch} * setting.kept(samples) * setting.bands);
    const test::DeviceArray loudest(std::int64_t{batch} * setting.frames(samples));
    const LogMel log_mel = {batch,
                            static_cast<std::int64_t>(samples),
                            setting.n_fft,
                            setting.window_length,
                            setting.hop,
                            setting.bands,
                            setting.frames(samples),
                            setting.kept(samples),
                            setting.reflect,
                            TOP_DECIBEL,
                            pcm.span(),
                            window.span(),
                            roots.span(),
                            bins.span(),
                            starts.span(),
                            on_device.span(),
                            features.span(),
                            loudest.span()};
    CHECK(enqueue(log_mel, nullptr) == cudaSuccess);
    return features.values();
}

/* Compares with the definition; returns how many values the clamp replaced. */
int compare(const Setting &setting, const std::vector<Clip> &clips, const std::vector<Filter> &filters) {
    const std::vector<float> actual = computed(setting, filters, clips);
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

int compare(const Setting &setting, const std::vector<Clip> &clips, std::uint64_t seed) {
    return compare(setting, clips, filters(setting, seed));
}

Clip noise(std::size_t samples, float amplitude, std::uint64_t seed) {
    return test::Random(seed).vector(static_cast<std::int64_t>(samples), -amplitude, amplitude);
}

TEST(log_mel_transforms_every_length) {
    for (std::int32_t n_fft = SMALLEST_TRANSFORM; n_fft <= LARGEST_TRANSFORM; n_fft *= 2) {
        for (const bool reflect : {false, true}) {
            const std::int32_t window = reflect ? n_fft : n_fft - n_fft / 7 - 1;
            const Setting setting = {n_fft, window, n_fft / 3, std::min(n_fft / 4, 37), 1000, reflect};
            compare(setting, {noise(static_cast<std::size_t>(n_fft) + 5, 0.3F, 7)}, 11);
        }
    }
}

TEST(log_mel_of_clips_shorter_than_a_window) {
    for (const bool reflect : {false, true}) {
        for (const std::size_t samples : {1, 2, 3, 7, 39, 40, 41, 63, 64, 65, 130}) {
            compare({64, 41, 13, 6, 1000, reflect}, {noise(samples, 0.5F, samples)}, 3);
        }
    }
}

TEST(log_mel_of_the_baseline) {
    const Setting baseline = {2048, 1764, 882, 64, 500, false};
    compare(baseline, {noise(882 * 3 + 1, 0.1F, 5)}, 2);
}

/* More bands than groups of lanes, and one band only. */
TEST(log_mel_takes_any_number_of_bands) {
    for (const std::int32_t bands : {1, 3, 4, 5, 31, 128}) {
        compare({256, 200, 100, bands, 1000, false}, {noise(777, 0.2F, 9)}, 4);
    }
}

TEST(log_mel_of_silence_is_the_smallest_power) {
    const Setting setting = {256, 200, 100, 8, 1000, false};
    compare(setting, {Clip(500)}, 1);
    for (const float value : computed(setting, filters(setting, 1), {Clip(500)})) {
        CHECK(value == -100.0F);
    }
}

/* What is added to every sample shows where filters amplify it. */
TEST(log_mel_keeps_silence_off_zero) {
    const Setting setting = {256, 200, 100, 2, 1000, false};
    const std::vector<Filter> amplifying = {{0, {1e9F, 1e8F}}, {5, {1e9F}}};
    compare(setting, {Clip(500)}, amplifying);
    CHECK(computed(setting, amplifying, {Clip(500)})[0] > -60);
}

/* A steady tone beside an all but silent rest: rounding in float32 would leave the clamp out of reach. */
TEST(log_mel_clamps_below_the_loudest) {
    Clip clip(2000);
    for (std::size_t i = 0; i < 1000; ++i) {
        clip[i] = 0.9F * std::sin(0.3F * static_cast<float>(i));
    }
    for (std::size_t i = 1000; i < clip.size(); ++i) {
        clip[i] = 1e-9F * std::sin(0.7F * static_cast<float>(i));
    }
    CHECK(compare({512, 500, 128, 20, 1000, false}, {clip}, 8) > 20);
}

/* Wherever among a block's warps the loudest band is summed. */
TEST(log_mel_finds_the_loudest_band) {
    const Setting setting = {1024, 1000, 500, 40, 1000, false};
    std::vector<Filter> bands;
    for (std::int32_t band = 0; band < setting.bands; ++band) {
        bands.push_back({band * 12 + 10, Clip(15, 0.5F)});
    }
    for (int tone = 20; tone < 490; tone += 100) {
        Clip clip(3000);
        for (std::size_t i = 0; i < clip.size(); ++i) {
            /* Swells and fades, so that the other bands hear little of it. */
            const double time = static_cast<double>(i);
            clip[i] =
                static_cast<float>(std::pow(std::sin(M_PI * time / 3000), 4) * std::sin(2 * M_PI * tone / 1024 * time));
        }
        CHECK(compare(setting, {clip}, bands) > 0);
    }
}

/* Wherever among the second kernel's threads the loudest frame is read. */
TEST(log_mel_finds_the_loudest_frame) {
    const Setting setting = {64, 64, 5, 3, 1000, false};
    for (const std::size_t loudest : {3U, 700U, 1400U, 2499U}) {
        Clip clip(2500, 1e-6F);
        clip[loudest] = 1.0F;
        CHECK(compare(setting, {clip}, 6) > 0);
    }
}

TEST(log_mel_clamps_by_frames_that_are_cut) {
    Clip clip(1000, 1e-7F);
    clip.back() = 1.0F;
    const Setting cut = {64, 64, 100, 5, 4, false};
    CHECK(compare(cut, {clip}, 6) > 0);
}

TEST(log_mel_keeps_the_clips_of_a_batch_apart) {
    const Setting setting = {128, 100, 60, 9, 6, true};
    const std::vector<Clip> clips = {noise(400, 1.0F, 1), noise(400, 1e-5F, 2), Clip(400)};
    compare(setting, clips, 5);
    const std::vector<float> together = computed(setting, filters(setting, 5), clips);
    std::vector<float> apart;
    for (const Clip &clip : clips) {
        const std::vector<float> one = computed(setting, filters(setting, 5), {clip});
        apart.insert(apart.end(), one.begin(), one.end());
    }
    CHECK(together == apart);
}

TEST(log_mel_refuses_other_lengths) {
    for (const std::int32_t n_fft : {-16, 0, 8, 24, 2047, 3000, 8192}) {
        CHECK(!can_transform(n_fft));
        LogMel log_mel = {};
        log_mel.batch = 1;
        log_mel.frames = 1;
        log_mel.kept = 1;
        log_mel.n_fft = n_fft;
        CHECK(enqueue(log_mel, nullptr) == cudaErrorInvalidValue);
    }
}

/* A setting as it comes over the boundary. */
struct Packed {
    std::vector<std::int32_t> numbers;
    std::vector<float> weights;

    Packed(const Setting &setting, const std::vector<Filter> &filters)
        : numbers({setting.n_fft, setting.window_length, setting.hop, setting.bands, setting.most_frames,
                   setting.reflect ? EARSHOT_PAD_REFLECT : EARSHOT_PAD_CONSTANT}) {
        for (const Filter &filter : filters) {
            numbers.push_back(filter.first);
            numbers.push_back(static_cast<std::int32_t>(filter.weights.size()));
            weights.insert(weights.end(), filter.weights.begin(), filter.weights.end());
        }
        weights.push_back(TOP_DECIBEL);
    }
};

TEST(log_mel_over_the_boundary) {
    const Setting setting = {128, 100, 60, 9, 5, true};
    const std::vector<Filter> some = filters(setting, 5);
    const std::vector<Clip> clips = {noise(400, 1.0F, 1), noise(400, 1e-5F, 2)};
    const Packed packed(setting, some);
    const test::Operation operation(EARSHOT_LAYER_LOG_MEL, packed.numbers, packed.weights, EARSHOT_PRECISION_FLOAT32);
    CHECK(test::run(operation.op, joined(clips), {}, 2, 400, 1) == computed(setting, some, clips));

    std::int64_t floats = 0;
    CHECK(earshot_cuda_op_output(operation.op, 2, 400, 1, &floats) == EARSHOT_CUDA_OK && floats == 2 * 5 * 9);
    CHECK(earshot_cuda_op_output(operation.op, 2, 400, 2, &floats) == EARSHOT_CUDA_INVALID_ARGUMENT);
    CHECK(earshot_cuda_op_output(operation.op, INT32_MAX, INT32_MAX, 1, &floats) == EARSHOT_CUDA_OK);
    CHECK(floats == std::int64_t{INT32_MAX} * 5 * 9);
}

TEST(log_mel_refuses_wrong_numbers) {
    const Setting setting = {128, 100, 60, 3, 5, true};
    const Packed right(setting, filters(setting, 5));
    const auto require_text = [](const Packed &packed, earshot_cuda_status expected, const char *text) {
        earshot_cuda_op *op = nullptr;
        CHECK(earshot_cuda_op_create(EARSHOT_LAYER_LOG_MEL, packed.numbers.data(),
                                     static_cast<std::int64_t>(packed.numbers.size()), packed.weights.data(),
                                     static_cast<std::int64_t>(packed.weights.size()), EARSHOT_PRECISION_FLOAT32, 0,
                                     &op) == expected);
        CHECK(op == nullptr);
        CHECK_THAT(std::strstr(earshot_cuda_last_error(), text) != nullptr, earshot_cuda_last_error());
    };
    const auto require_number = [&](std::size_t index, std::int32_t value, earshot_cuda_status expected,
                                    const char *text) {
        Packed wrong = right;
        wrong.numbers[index] = value;
        require_text(wrong, expected, text);
    };
    require_number(0, 8192, EARSHOT_CUDA_UNSUPPORTED, "n_fft: 8192");
    require_number(0, 129, EARSHOT_CUDA_UNSUPPORTED, "n_fft: 129");
    require_number(0, 0, EARSHOT_CUDA_INVALID_ARGUMENT, "n_fft");
    require_number(1, 129, EARSHOT_CUDA_INVALID_ARGUMENT, "window length");
    require_number(2, 0, EARSHOT_CUDA_INVALID_ARGUMENT, "hop");
    require_number(3, 2, EARSHOT_CUDA_INVALID_ARGUMENT, "numbers");
    require_number(4, 0, EARSHOT_CUDA_INVALID_ARGUMENT, "frames");
    require_number(5, 2, EARSHOT_CUDA_INVALID_ARGUMENT, "padding");
    require_number(6, -1, EARSHOT_CUDA_INVALID_ARGUMENT, "bins");
    require_number(10, INT32_MAX, EARSHOT_CUDA_INVALID_ARGUMENT, "bins");
    require_number(11, 4, EARSHOT_CUDA_INVALID_ARGUMENT, "bins");
    Packed wrong = right;
    wrong.weights.back() = 0;
    require_text(wrong, EARSHOT_CUDA_INVALID_ARGUMENT, "top dB");
    wrong.weights.pop_back();
    require_text(wrong, EARSHOT_CUDA_INVALID_ARGUMENT, "weights");
}

} // namespace
