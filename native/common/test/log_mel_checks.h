/*
 * What holds of every library's log-mel spectrogram. Each check takes what computes features [clips, kept, bands] of a
 * setting, its filters and clips of equal length.
 */
#pragma once

#include <algorithm>
#include <cmath>

#include "harness.h"
#include "log_mel.h"

namespace test::log_mel {

template <class Compute>
int compare_with(const Compute &computed, const Setting &setting, const std::vector<Clip> &clips,
                 const std::vector<Filter> &some) {
    return compare(setting, clips, some, computed(setting, some, clips));
}

template <class Compute>
int compare_with(const Compute &computed, const Setting &setting, const std::vector<Clip> &clips, std::uint64_t seed) {
    return compare_with(computed, setting, clips, filters(setting, seed));
}

template <class Compute>
void transforms_every_length(const Compute &computed) {
    for (std::int32_t n_fft = 16; n_fft <= 4096; n_fft *= 2) {
        for (const bool reflect : {false, true}) {
            const std::int32_t window = reflect ? n_fft : n_fft - n_fft / 7 - 1;
            const Setting setting = {n_fft, window, n_fft / 3, std::min(n_fft / 4, 37), 1000, reflect};
            compare_with(computed, setting, {noise(static_cast<std::size_t>(n_fft) + 5, 0.3F, 7)}, 11);
        }
    }
}

template <class Compute>
void of_clips_shorter_than_a_window(const Compute &computed) {
    for (const bool reflect : {false, true}) {
        for (const std::size_t samples : {1, 2, 3, 7, 39, 40, 41, 63, 64, 65, 130}) {
            compare_with(computed, {64, 41, 13, 6, 1000, reflect}, {noise(samples, 0.5F, samples)}, 3);
        }
    }
}

template <class Compute>
void of_the_baseline(const Compute &computed) {
    const Setting baseline = {2048, 1764, 882, 64, 500, false};
    compare_with(computed, baseline, {noise(882 * 3 + 1, 0.1F, 5)}, 2);
}

/* More bands than groups of lanes, and one band only. */
template <class Compute>
void takes_any_number_of_bands(const Compute &computed) {
    for (const std::int32_t bands : {1, 3, 4, 5, 31, 128}) {
        compare_with(computed, {256, 200, 100, bands, 1000, false}, {noise(777, 0.2F, 9)}, 4);
    }
}

template <class Compute>
void of_silence_is_the_smallest_power(const Compute &computed) {
    const Setting setting = {256, 200, 100, 8, 1000, false};
    compare_with(computed, setting, {Clip(500)}, 1);
    for (const float value : computed(setting, filters(setting, 1), {Clip(500)})) {
        CHECK(value == -100.0F);
    }
}

/* What is added to every sample shows where filters amplify it. */
template <class Compute>
void keeps_silence_off_zero(const Compute &computed) {
    const Setting setting = {256, 200, 100, 2, 1000, false};
    const std::vector<Filter> amplifying = {{0, {1e9F, 1e8F}}, {5, {1e9F}}};
    compare_with(computed, setting, {Clip(500)}, amplifying);
    CHECK(computed(setting, amplifying, {Clip(500)})[0] > -60);
}

/* A steady tone beside an all but silent rest: rounding in float32 would leave the clamp out of reach. */
template <class Compute>
void clamps_below_the_loudest(const Compute &computed) {
    Clip clip(2000);
    for (std::size_t i = 0; i < 1000; ++i) {
        clip[i] = 0.9F * std::sin(0.3F * static_cast<float>(i));
    }
    for (std::size_t i = 1000; i < clip.size(); ++i) {
        clip[i] = 1e-9F * std::sin(0.7F * static_cast<float>(i));
    }
    CHECK(compare_with(computed, {512, 500, 128, 20, 1000, false}, {clip}, 8) > 20);
}

/* Wherever among a block's warps the loudest band is summed. */
template <class Compute>
void finds_the_loudest_band(const Compute &computed) {
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
        CHECK(compare_with(computed, setting, {clip}, bands) > 0);
    }
}

/* Wherever among the second kernel's threads the loudest frame is read. */
template <class Compute>
void finds_the_loudest_frame(const Compute &computed) {
    const Setting setting = {64, 64, 5, 3, 1000, false};
    for (const std::size_t loudest : {3U, 700U, 1400U, 2499U}) {
        Clip clip(2500, 1e-6F);
        clip[loudest] = 1.0F;
        CHECK(compare_with(computed, setting, {clip}, 6) > 0);
    }
}

template <class Compute>
void clamps_by_frames_that_are_cut(const Compute &computed) {
    Clip clip(1000, 1e-7F);
    clip.back() = 1.0F;
    const Setting cut = {64, 64, 100, 5, 4, false};
    CHECK(compare_with(computed, cut, {clip}, 6) > 0);
}

template <class Compute>
void keeps_the_clips_of_a_batch_apart(const Compute &computed) {
    const Setting setting = {128, 100, 60, 9, 6, true};
    const std::vector<Clip> clips = {noise(400, 1.0F, 1), noise(400, 1e-5F, 2), Clip(400)};
    compare_with(computed, setting, clips, 5);
    const std::vector<float> together = computed(setting, filters(setting, 5), clips);
    std::vector<float> apart;
    for (const Clip &clip : clips) {
        const std::vector<float> one = computed(setting, filters(setting, 5), {clip});
        apart.insert(apart.end(), one.begin(), one.end());
    }
    CHECK(together == apart);
}

/* Runs all of the above. */
#define EARSHOT_LOG_MEL_CHECKS(CHECK_OF)                                                                               \
    CHECK_OF(transforms_every_length)                                                                                  \
    CHECK_OF(of_clips_shorter_than_a_window)                                                                           \
    CHECK_OF(of_the_baseline)                                                                                          \
    CHECK_OF(takes_any_number_of_bands)                                                                                \
    CHECK_OF(of_silence_is_the_smallest_power)                                                                         \
    CHECK_OF(keeps_silence_off_zero)                                                                                   \
    CHECK_OF(clamps_below_the_loudest)                                                                                 \
    CHECK_OF(finds_the_loudest_band)                                                                                   \
    CHECK_OF(finds_the_loudest_frame)                                                                                  \
    CHECK_OF(clamps_by_frames_that_are_cut)                                                                            \
    CHECK_OF(keeps_the_clips_of_a_batch_apart)

} // namespace test::log_mel
