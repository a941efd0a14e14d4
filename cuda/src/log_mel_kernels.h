/*
 * The log-mel spectrogram of clips, as org.earshot.features.LogMel computes it: magnitudes of a centred short-time
 * Fourier transform, summed into mel bands, in dB, clamped below each clip's loudest value.
 */
#pragma once

#include <vector>

#include "device.h"

namespace earshot {

struct alignas(16) Complex {
    double re;
    double im;
};

constexpr std::int32_t SMALLEST_TRANSFORM = 16;
constexpr std::int32_t LARGEST_TRANSFORM = 4096;

/* Whether a spectrogram with transforms of this length can be enqueued: a power of two within the limits above. */
bool can_transform(std::int32_t n_fft);

/*
 * S[t, f] = sum over bins of the filter f's weight times |X|, X the transform of frame t; 10 log10(max(1e-10, S)), but
 * at least what the loudest S of the clip's `frames` frames gives, less `top_decibel`. The first `kept` frames are
 * written.
 */
struct LogMel {
    std::int32_t batch;
    std::int64_t samples; /* of a clip, at least 1 */
    std::int32_t n_fft;
    std::int32_t window_length; /* at most n_fft */
    std::int32_t hop;
    std::int32_t bands;
    std::int32_t frames; /* of a clip: 1 + samples / hop */
    std::int32_t kept;   /* 1 to frames */
    bool reflect;        /* what a frame sees beyond the clip's ends: the clip mirrored, or zeros */
    float top_decibel;
    Span<const float> pcm;                 /* [B, samples] */
    Span<const double> window;             /* [window_length] */
    Span<const Complex> roots;             /* e^(-2 pi i k / n_fft), k < 3 n_fft / 4 */
    Span<const std::int32_t> first_bin;    /* [bands]: first bin of each filter */
    Span<const std::int32_t> first_weight; /* [bands + 1]: where each filter's weights begin, and where all end */
    Span<const float> weights;
    Span<float> features; /* [B, kept, bands] */
    Span<float> loudest;  /* scratch: [B, frames] */
};

/* The periodic Hann window: 0.5 - 0.5 cos(2 pi i / length). */
std::vector<double> hann_window(std::int32_t length);

/* LogMel::roots for transforms of this length. */
std::vector<Complex> roots_of_unity(std::int32_t n_fft);

cudaError_t enqueue(const LogMel &log_mel, cudaStream_t stream);

} // namespace earshot
