/*
 * Idea: one block a frame. The frame's real samples are taken in pairs as n_fft / 2 complex numbers and transformed in
 * place in shared memory by radix-4 passes that need no reordering (Stockham): n_fft / 8 threads hold one butterfly
 * each, read, wait, write. The first pass takes windowed samples straight from global memory; where log2(n_fft / 2) is
 * odd it is of radix 2. Untangling into magnitudes and the sparse product with the filters follow in the same kernel, 8
 * lanes to a band. Each frame leaves its loudest value, so the second kernel, which takes dB and clamps, needs no
 * atomics and nothing has to be reset between runs.
 *
 * In float64, because the clamp lies 80 dB of magnitude below the loudest value, a ratio of 1e-8, which rounding in a
 * float32 transform would drown.
 *
 * Padding shared memory by one number in 8 keeps the first pass free of bank conflicts (16 bytes a lane, 8 lanes a
 * transaction); the second has two-way ones.
 *
 * Bytes (baseline, one clip of 10 s): 1.8 MB of PCM, read about twice over but once from memory, 0.13 MB written and
 * rewritten; tables of 45 KB stay in the caches. Flops: 501 frames of 0.1 M, 50 M in float64. Limit on an H200: 2 us by
 * the flops (34 TFLOP/s outside tensor cores), 0.4 us by bytes; what is to be expected is latency: 501 blocks of 256
 * threads are all resident at once, four on a multiprocessor, which issues 1,100 cycles of float64 for each; each goes
 * through 5 passes of two barriers, whose roots are under way before the barrier: 6 us. On cards with a 64th of the
 * rate in float64 the limit is the flops, 50 to 100 us.
 */
#include "log_mel_kernels.h"

#include <algorithm>
#include <cmath>

namespace earshot {

namespace {

/* What the baseline adds to every sample: the spacing of 1.0. */
constexpr double OFFSET = 0x1p-52;
constexpr double SMALLEST_POWER = 1e-10;
/* Lanes that sum one band. */
constexpr int LANES = 8;
constexpr int WARP = 32;
constexpr unsigned ALL = 0xFFFFFFFFU;
constexpr int DECIBEL_THREADS = 256;
/* More blocks a clip would spend their time on finding the clip's loudest value. */
constexpr std::int64_t MOST_DECIBEL_BLOCKS = 128;

__device__ __forceinline__ Complex operator+(const Complex &a, const Complex &b) {
    return {a.re + b.re, a.im + b.im};
}
__device__ __forceinline__ Complex operator-(const Complex &a, const Complex &b) {
    return {a.re - b.re, a.im - b.im};
}
__device__ __forceinline__ Complex operator*(const Complex &a, const Complex &b) {
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

/* Where element i lies in shared memory, and how many elements' room the elements 0 to `last` take. */
__host__ __device__ constexpr int slot(int i) {
    return i + i / 8;
}
__host__ __device__ constexpr int room(int last) {
    return slot(last) + 1;
}

/* Mirrored at both ends as often as it takes; a single sample is repeated. */
__device__ __forceinline__ std::int64_t mirrored(std::int64_t index, std::int64_t samples) {
    const std::int64_t last = samples - 1;
    if (last == 0) {
        return 0;
    }
    const std::int64_t period = 2 * last;
    const std::int64_t phase = (index % period + period) % period;
    return phase <= last ? phase : period - phase;
}

/* Sample i of the frame whose window begins at `first`, which may lie beyond the clip's ends. */
__device__ __forceinline__ double windowed(const LogMel &p, std::int64_t clip, std::int64_t first, int i) {
    if (i >= p.window_length) {
        return 0;
    }
    std::int64_t index = first + i;
    if (index < 0 || index >= p.samples) {
        if (!p.reflect) {
            return 0;
        }
        index = mirrored(index, p.samples);
    }
    return p.window[i] * (p.pcm[clip * p.samples + index] + OFFSET);
}

/* The transform of four numbers. */
__device__ __forceinline__ void butterfly4(Complex (&x)[4]) {
    const Complex even_sum = x[0] + x[2];
    const Complex even_difference = x[0] - x[2];
    const Complex odd_sum = x[1] + x[3];
    const Complex odd_difference = x[1] - x[3];
    const Complex turned = {odd_difference.im, -odd_difference.re};
    x[0] = even_sum + odd_sum;
    x[1] = even_difference + turned;
    x[2] = even_sum - odd_sum;
    x[3] = even_difference - turned;
}

/* Reads the frame and does the first pass; returns the length of the transforms that shared memory then holds. */
__device__ __forceinline__ int first_pass(const LogMel &p, const Shared<Complex> &z, std::int64_t clip,
                                          std::int64_t first, int points) {
    const int thread = static_cast<int>(threadIdx.x);
    const int quarter = points / 4;
    /* Powers of two with an odd logarithm. */
    const bool radix2 = (static_cast<unsigned>(points) & 0xAAAAAAAAU) != 0;
    if (thread < quarter) {
        Complex x[4];
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            const int pair = 2 * (thread + i * quarter);
            x[i] = {windowed(p, clip, first, pair), windowed(p, clip, first, pair + 1)};
        }
        if (radix2) {
#pragma unroll
            for (int i = 0; i < 2; ++i) {
                const int out = 2 * (thread + i * quarter);
                z[slot(out)] = x[i] + x[i + 2];
                z[slot(out + 1)] = x[i] - x[i + 2];
            }
        } else {
            butterfly4(x);
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                z[slot(4 * thread + i)] = x[i];
            }
        }
    }
    return radix2 ? 2 : 4;
}

/* Makes transforms of length 4 * span of those of length span. */
__device__ __forceinline__ void pass(const LogMel &p, const Shared<Complex> &z, int points, int span) {
    const int thread = static_cast<int>(threadIdx.x);
    const int quarter = points / 4;
    const bool active = thread < quarter;
    const int phase = thread % span;
    Complex x[4] = {};
    /* Before the barrier: the way to them is longer than the wait. */
    Complex roots[4] = {};
    if (active) {
        const int turn = phase * (p.n_fft / (4 * span));
#pragma unroll
        for (int i = 1; i < 4; ++i) {
            roots[i] = p.roots[i * turn];
        }
    }
    __syncthreads();
    if (active) {
        x[0] = z[slot(thread)];
#pragma unroll
        for (int i = 1; i < 4; ++i) {
            x[i] = z[slot(thread + i * quarter)] * roots[i];
        }
        butterfly4(x);
    }
    __syncthreads();
    if (active) {
        const int out = (thread - phase) * 4 + phase;
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            z[slot(out + i * span)] = x[i];
        }
    }
}

/*
 * |x|. Where float32 can hold the square, by its reciprocal root there (2^-22) and one step of Newton's (2^-43, of a
 * result that is rounded to 2^-24): 6 instructions in float64 instead of some 20.
 */
__device__ __forceinline__ double magnitude(const Complex &x) {
    const double square = x.re * x.re + x.im * x.im;
    if (square > 1e-36 && square < 1e36) {
        const double reciprocal = rsqrtf(static_cast<float>(square));
        const double root = square * reciprocal;
        return fma(0.5 * reciprocal, fma(-root, root, square), root);
    }
    return sqrt(square);
}

/*
 * The transform of pairs, Z = E + i O, taken apart into those of the even and the odd samples; X[k] = E[k] + w^k O[k],
 * and X[points - k] is the conjugate of E[k] - w^k O[k]. Leaves the magnitude of bin k in the real part of element k,
 * of which there is one more than points.
 */
__device__ __forceinline__ void magnitudes(const LogMel &p, const Shared<Complex> &z, int points) {
    const int thread = static_cast<int>(threadIdx.x);
    Complex root = p.roots[min(thread, points / 2)];
    __syncthreads();
    for (int k = thread; k <= points / 2; k += static_cast<int>(blockDim.x)) {
        const Complex next = p.roots[min(k + static_cast<int>(blockDim.x), points / 2)];
        const Complex a = z[slot(k)];
        const Complex b = z[slot(k == 0 ? 0 : points - k)];
        const Complex even = {0.5 * (a.re + b.re), 0.5 * (a.im - b.im)};
        const Complex odd = {0.5 * (a.im + b.im), 0.5 * (b.re - a.re)};
        const Complex turned = root * odd;
        z[slot(k)].re = magnitude(even + turned);
        z[slot(points - k)].re = magnitude(even - turned);
        root = next;
    }
}

/* The largest value of a block whose warps are whole, in all threads of its first warp. */
__device__ __forceinline__ float block_maximum(float value, const Shared<float> &of_warps) {
    const int thread = static_cast<int>(threadIdx.x);
#pragma unroll
    for (int lanes = WARP / 2; lanes > 0; lanes /= 2) {
        value = fmaxf(value, __shfl_xor_sync(ALL, value, lanes));
    }
    if (thread % WARP == 0) {
        of_warps[thread / WARP] = value;
    }
    __syncthreads();
    if (thread < WARP) {
        value = thread < static_cast<int>(blockDim.x) / WARP ? of_warps[thread] : 0.0F;
#pragma unroll
        for (int lanes = WARP / 2; lanes > 0; lanes /= 2) {
            value = fmaxf(value, __shfl_xor_sync(ALL, value, lanes));
        }
    }
    return value;
}

__global__ void __launch_bounds__(LARGEST_TRANSFORM / 8) mel_kernel(LogMel p) {
    begin_kernel();
    const int points = p.n_fft / 2;
    const Shared<Complex> z(0, room(points));
    const Shared<float> of_warps(room(points) * static_cast<int>(sizeof(Complex)), WARP);
    const int thread = static_cast<int>(threadIdx.x);
    const std::int64_t clip = blockIdx.x / static_cast<unsigned>(p.frames);
    const std::int64_t frame = blockIdx.x % static_cast<unsigned>(p.frames);

    /* The window lies at the start of the transform, not in its middle: a shift leaves magnitudes as they are. */
    const std::int64_t first = frame * p.hop + (p.n_fft - p.window_length) / 2 - p.n_fft / 2;
    int span = first_pass(p, z, clip, first, points);
    for (; span < points; span *= 4) {
        pass(p, z, points, span);
    }
    magnitudes(p, z, points);
    __syncthreads();

    float loudest = 0.0F;
    for (int band0 = 0; band0 < p.bands; band0 += static_cast<int>(blockDim.x) / LANES) {
        const int band = band0 + thread / LANES;
        double sum = 0;
        if (band < p.bands) {
            const int start = p.first_weight[band];
            const int count = p.first_weight[band + 1] - start;
            const int bin = p.first_bin[band];
#pragma unroll 4
            for (int i = thread % LANES; i < count; i += LANES) {
                sum += p.weights[start + i] * z[slot(bin + i)].re;
            }
        }
#pragma unroll
        for (int lanes = LANES / 2; lanes > 0; lanes /= 2) {
            sum += __shfl_xor_sync(ALL, sum, lanes);
        }
        const float power = static_cast<float>(sum);
        loudest = fmaxf(loudest, power);
        if (thread % LANES == 0 && band < p.bands && frame < p.kept) {
            p.features[(clip * p.kept + frame) * p.bands + band] = power;
        }
    }
    loudest = block_maximum(loudest, of_warps);
    if (thread == 0) {
        p.loudest[clip * p.frames + frame] = loudest;
    }
}

__device__ __forceinline__ double decibel(float power) {
    return 10 * log10(fmax(SMALLEST_POWER, static_cast<double>(power)));
}

__global__ void __launch_bounds__(DECIBEL_THREADS) decibel_kernel(LogMel p, int blocks) {
    begin_kernel();
    const Shared<float> of_warps(0, WARP);
    const std::int64_t clip = blockIdx.x / static_cast<unsigned>(blocks);
    const int part = static_cast<int>(blockIdx.x % static_cast<unsigned>(blocks));
    float loudest = 0.0F;
    for (int frame = static_cast<int>(threadIdx.x); frame < p.frames; frame += DECIBEL_THREADS) {
        loudest = fmaxf(loudest, p.loudest[clip * p.frames + frame]);
    }
    /* The first value is on its way, and its logarithm taken, while the loudest is looked for. */
    const std::int64_t count = static_cast<std::int64_t>(p.kept) * p.bands;
    std::int64_t i = static_cast<std::int64_t>(part) * DECIBEL_THREADS + threadIdx.x;
    const std::int64_t step = static_cast<std::int64_t>(blocks) * DECIBEL_THREADS;
    float level = i < count ? static_cast<float>(decibel(p.features[clip * count + i])) : 0.0F;
    loudest = block_maximum(loudest, of_warps);
    if (threadIdx.x == 0) {
        of_warps[0] = static_cast<float>(decibel(loudest) - p.top_decibel);
    }
    __syncthreads();
    const float clamp = of_warps[0];
    while (i < count) {
        p.features[clip * count + i] = fmaxf(clamp, level);
        i += step;
        level = i < count ? static_cast<float>(decibel(p.features[clip * count + i])) : 0.0F;
    }
}

} // namespace

bool can_transform(std::int32_t n_fft) {
    return n_fft >= SMALLEST_TRANSFORM && n_fft <= LARGEST_TRANSFORM && (n_fft & (n_fft - 1)) == 0;
}

std::vector<double> hann_window(std::int32_t length) {
    std::vector<double> window(static_cast<std::size_t>(length));
    for (std::int32_t i = 0; i < length; ++i) {
        window[static_cast<std::size_t>(i)] = 0.5 - 0.5 * std::cos(2 * M_PI * i / length);
    }
    return window;
}

std::vector<Complex> roots_of_unity(std::int32_t n_fft) {
    std::vector<Complex> roots(static_cast<std::size_t>(n_fft) / 4 * 3);
    for (std::size_t k = 0; k < roots.size(); ++k) {
        const double angle = -2 * M_PI * static_cast<double>(k) / n_fft;
        roots[k] = {std::cos(angle), std::sin(angle)};
    }
    return roots;
}

cudaError_t enqueue(const LogMel &p, cudaStream_t stream) {
    const std::int64_t frames = static_cast<std::int64_t>(p.batch) * p.frames;
    /* The grid's limit. */
    if (!can_transform(p.n_fft) || p.kept > p.frames || frames > INT32_MAX) {
        return cudaErrorInvalidValue;
    }
    if (frames == 0) {
        return cudaSuccess;
    }
    const std::size_t bytes = static_cast<std::size_t>(room(p.n_fft / 2)) * sizeof(Complex) + WARP * sizeof(float);
    const cudaError_t error = launch("mel", mel_kernel, dim3(static_cast<unsigned>(frames)),
                                     dim3(static_cast<unsigned>(std::max(WARP, p.n_fft / 8))), bytes, stream, p);
    if (error != cudaSuccess) {
        return error;
    }
    const std::int64_t values = static_cast<std::int64_t>(p.kept) * p.bands;
    const std::int64_t wanted = std::min(MOST_DECIBEL_BLOCKS, divide_up(values, DECIBEL_THREADS));
    const std::int64_t blocks = std::min<std::int64_t>(wanted, INT32_MAX / p.batch);
    return launch("decibel", decibel_kernel, dim3(static_cast<unsigned>(p.batch * blocks)), dim3(DECIBEL_THREADS),
                  WARP * sizeof(float), stream, p, static_cast<int>(blocks));
}

} // namespace earshot
