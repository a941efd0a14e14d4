/*
 * The log-mel spectrogram by the definition of the discrete Fourier transform, in float64, each value with how far a
 * computation in float64 that ends in float32 may be from it; and the packing of its settings.
 */
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace test::log_mel {

struct Setting {
    std::int32_t n_fft;
    std::int32_t window_length;
    std::int32_t hop;
    std::int32_t bands;
    std::int32_t most_frames;
    bool reflect;

    std::int32_t frames(std::size_t samples) const { return 1 + static_cast<std::int32_t>(samples) / hop; }
    std::int32_t kept(std::size_t samples) const {
        return frames(samples) < most_frames ? frames(samples) : most_frames;
    }
    std::string text() const;
};

/* 80 as in the baseline. */
constexpr float TOP_DECIBEL = 80;

using Clip = std::vector<float>;

struct Filter {
    std::int32_t first;
    std::vector<float> weights;
};

/* As many weights as mel filters have, some with none, the last with the last bin. */
std::vector<Filter> filters(const Setting &setting, std::uint64_t seed);

/* A setting as it comes over a boundary. */
struct Packed {
    std::vector<std::int32_t> numbers;
    std::vector<float> weights;

    Packed(const Setting &setting, const std::vector<Filter> &filters);
};

/* Compares features [clips, kept, bands] with the definition; returns how many values the clamp replaced. */
int compare(const Setting &setting, const std::vector<Clip> &clips, const std::vector<Filter> &filters,
            const std::vector<float> &actual);

Clip noise(std::size_t samples, float amplitude, std::uint64_t seed);

/* Clips one after the other. */
std::vector<float> joined(const std::vector<Clip> &clips);

} // namespace test::log_mel
