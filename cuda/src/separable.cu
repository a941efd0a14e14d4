/*
 * Idea: between the block's convolution and its pooled output nothing need leave the multiprocessor. A block makes 2 x
 * 8 pooled outputs, that is 4 frames by 16 bands, for 64 or 32 channels. For 64 inputs of the join at a time it makes
 * the depthwise convolution of those positions (a thread has four channels of one band and slides along the frames: 18
 * loads, all under way at once, for four positions), or reads the shortcut's, into shared memory, while the weights
 * come there past the registers. Then a thread multiplies: it has the four positions of one pooled output, for four
 * channels, so that ReLU and mean are its own affair: 64 multiply-adds for 8 loads of 16 bytes from shared memory.
 * Where there are few blocks, two threads share the inputs of a sum. Float32 multiply-adds in every precision: exact,
 * and no more than a tenth of the network's time. Where x has one channel (the first block) the convolution in front is
 * made here too: for the positions and their halo, 1.7 times as often as needed, which is less than reading it.
 *
 * Bytes (one clip of 10 s; 1 to 32 at 500 x 64, 32 to 64 at 250 x 32, 64 to 128 at 125 x 16): 0.13 MB and 1 MB written;
 * 2 + 1 MB read and 0.5 MB written; 1 + 0.5 MB and 0.25 MB. Flops: 117, 98, 98 M. Limit on an H200: the flops of
 * float32: 3 us each at half of 60 TFLOP/s, in a batch; for one clip, 500, 126 and 124 blocks, of which each chunk of
 * 64 inputs takes 500 instructions a thread to make its rows and 600 to 1,200 to multiply them, at two warps a
 * scheduler or four: 4, 4 and 5 us with the launch. (Measured on an H200 with flushed caches, before sums were split
 * and loads lost their branches: 9, 10 and 15 us.)
 */
#include "separable.h"

#include "intrinsics.h"
#include "vectors.h"

namespace earshot {

namespace {

/* A block's pooled outputs, and what they are means of. */
constexpr int OUT_FRAMES = 2;
constexpr int OUT_BANDS = 8;
constexpr int OUTPUTS = OUT_FRAMES * OUT_BANDS;
constexpr int FRAMES = 2 * OUT_FRAMES;
constexpr int BANDS = 2 * OUT_BANDS;
constexpr int POSITIONS = FRAMES * BANDS;
/* The depthwise convolution's halo, and the convolution's around it. */
constexpr int HALO_FRAMES = FRAMES + 2;
constexpr int HALO_BANDS = BANDS + 2;
constexpr int SEEN_FRAMES = FRAMES + 4;
constexpr int SEEN_BANDS = BANDS + 4;
constexpr int TAPS = 9;

/*
 * QUADS: a block's channels are four times as many; SPLITS: threads that share the inputs of a sum; CHUNK: inputs of
 * the join at a time.
 */
template <int QUADS, int SPLITS, int CHUNK>
struct Layout {
    static constexpr int PART_THREADS = OUTPUTS * QUADS;
    static constexpr int THREADS = PART_THREADS * SPLITS;
    static constexpr int COLUMNS = 4 * QUADS;
    /* 16 bytes more than the numbers: rows that are read together then lie in different banks. */
    static constexpr int STRIDE = CHUNK + 4;
    static constexpr int ROWS = POSITIONS * STRIDE;
    static constexpr int WEIGHTS = CHUNK * COLUMNS;
    static constexpr int CONVOLVED = HALO_FRAMES * HALO_BANDS * STRIDE;
    static constexpr int SEEN = SEEN_FRAMES * SEEN_BANDS;
    static constexpr std::size_t bytes(bool single) {
        return sizeof(float) * static_cast<std::size_t>(ROWS + WEIGHTS + (single ? CONVOLVED + SEEN : 0));
    }
};

__host__ __device__ constexpr int up_to_four(int n) {
    return (n + 3) / 4 * 4;
}

/* The row of a position: the four of a pooled output one behind the other. */
__device__ __forceinline__ int row_of(int frame, int band) {
    return (frame / 2 * OUT_BANDS + band / 2) * 4 + frame % 2 * 2 + band % 2;
}

/* Numbers k to k + 3 of `width` from `first` on, k below it; zeros behind their end, or where `present` is false. */
template <bool VECTOR>
__device__ __forceinline__ Float4 read4(const Span<const float> &values, std::int64_t first, int k, int width,
                                        bool present) {
    if constexpr (VECTOR) {
        return load_or_zero(values, first + k, present);
    } else {
        Float4 y = {};
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            if (present && k + i < width) {
                y.v[i] = values[first + k + i];
            }
        }
        return y;
    }
}

__device__ __forceinline__ void add_scaled(Float4 &y, const Float4 &a, const Float4 &b) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        y.v[i] = fmaf(a.v[i], b.v[i], y.v[i]);
    }
}

/* Block (tile, channels / COLUMNS, clip). */
template <bool SINGLE, bool VECTOR, int QUADS, int SPLITS, int CHUNK>
__global__ void __launch_bounds__((OUTPUTS * QUADS * SPLITS), 512 / (OUTPUTS * QUADS * SPLITS))
    separable_kernel(Separable s) {
    begin_kernel();
    using Sizes = Layout<QUADS, SPLITS, CHUNK>;
    constexpr int THREADS = Sizes::THREADS;
    constexpr int COLUMNS = Sizes::COLUMNS;
    constexpr int STRIDE = Sizes::STRIDE;
    constexpr auto FLOAT = static_cast<int>(sizeof(float));
    const Shared<float> rows(0, Sizes::ROWS);
    const Shared<float> weights(Sizes::ROWS * FLOAT, Sizes::WEIGHTS);
    const Shared<float> convolved((Sizes::ROWS + Sizes::WEIGHTS) * FLOAT, SINGLE ? Sizes::CONVOLVED : 0);
    const Shared<float> seen((Sizes::ROWS + Sizes::WEIGHTS + (SINGLE ? Sizes::CONVOLVED : 0)) * FLOAT,
                             SINGLE ? Sizes::SEEN : 0);
    const int thread = static_cast<int>(threadIdx.x);
    const int tiles = (s.bands / 2 + OUT_BANDS - 1) / OUT_BANDS;
    const int frame0 = static_cast<int>(blockIdx.x) / tiles * FRAMES;
    const int band0 = static_cast<int>(blockIdx.x) % tiles * BANDS;
    const int column0 = static_cast<int>(blockIdx.y) * COLUMNS;
    const std::int64_t clip = blockIdx.z;
    const int channels = up_to_four(s.channels);
    const int depth = channels + (s.projects && !SINGLE ? up_to_four(s.inputs) : 0);
    const auto inside = [&](int frame, int band) {
        return frame >= 0 && frame < s.frames && band >= 0 && band < s.bands;
    };
    const auto position = [&](int frame, int band) { return (clip * s.frames + frame) * s.bands + band; };

    if constexpr (SINGLE) {
        for (int i = thread; i < Sizes::SEEN; i += THREADS) {
            const int frame = frame0 + i / SEEN_BANDS - 2;
            const int band = band0 + i % SEEN_BANDS - 2;
            seen[i] = inside(frame, band) ? s.x[position(frame, band)] : 0.0F;
        }
    }
    const int split = thread / Sizes::PART_THREADS;
    const int output = thread % Sizes::PART_THREADS / QUADS;
    const int quad = thread % QUADS;
    Float4 sums[4] = {};
    for (int k0 = 0; k0 < depth; k0 += CHUNK) {
        const int length = min(CHUNK, depth - k0);
        /* All threads are done with what shared memory holds, and x is there. */
        __syncthreads();
        for (int i = thread; i < length * QUADS; i += THREADS) {
            const int column = column0 + i % QUADS * 4;
            const int at = i / QUADS * COLUMNS + i % QUADS * 4;
            if (column < channels) {
                copy_async(weights, at, s.join, static_cast<std::int64_t>(k0 + i / QUADS) * channels + column);
            } else {
                weights.store4(at, Float4{});
            }
        }
        if constexpr (SINGLE) {
            static_assert(THREADS % (CHUNK / 4) == 0, "a thread keeps its channels");
            const int k = thread % (CHUNK / 4) * 4;
            if (k < length) {
                Float4 taps[TAPS];
#pragma unroll
                for (int tap = 0; tap < TAPS; ++tap) {
                    taps[tap] = s.taps.load4(static_cast<std::int64_t>(tap) * channels + k0 + k);
                }
                const Float4 bias = s.tap_bias.load4(k0 + k);
                for (int i = thread / (CHUNK / 4); i < HALO_FRAMES * HALO_BANDS; i += THREADS / (CHUNK / 4)) {
                    const int frame = i / HALO_BANDS;
                    const int band = i % HALO_BANDS;
                    Float4 y = {};
                    if (inside(frame0 + frame - 1, band0 + band - 1)) {
                        y = bias;
#pragma unroll
                        for (int tap = 0; tap < TAPS; ++tap) {
                            const float x = seen[(frame + tap / 3) * SEEN_BANDS + band + tap % 3];
                            add_scaled(y, taps[tap], {{x, x, x, x}});
                        }
                    }
                    convolved.store4(i * STRIDE + k, y);
                }
            }
            __syncthreads();
        }
        for (int i = thread; i < CHUNK / 4 * BANDS; i += THREADS) {
            const int k = i % (CHUNK / 4) * 4;
            const int band = i / (CHUNK / 4);
            if (k >= length) {
                continue;
            }
            Float4 y[FRAMES] = {};
            if (SINGLE || k0 + k < channels) {
                Float4 taps[TAPS];
#pragma unroll
                for (int tap = 0; tap < TAPS; ++tap) {
                    taps[tap] = s.depthwise.load4(static_cast<std::int64_t>(tap) * channels + k0 + k);
                }
#pragma unroll
                for (int row = 0; row < HALO_FRAMES; ++row) {
                    Float4 v[3];
#pragma unroll
                    for (int column = 0; column < 3; ++column) {
                        if constexpr (SINGLE) {
                            v[column] = convolved.load4((row * HALO_BANDS + band + column) * STRIDE + k);
                        } else {
                            const int frame = frame0 + row - 1;
                            const int at_band = band0 + band + column - 1;
                            v[column] = read4<VECTOR>(s.plane, position(frame, at_band) * s.channels, k0 + k,
                                                      s.channels, inside(frame, at_band));
                        }
                    }
#pragma unroll
                    for (int column = 0; column < 3; ++column) {
#pragma unroll
                        for (int n = 0; n < 4; ++n) {
                            v[column].v[n] = relu(v[column].v[n]);
                        }
#pragma unroll
                        for (int tap = 0; tap < 3; ++tap) {
                            if (row >= tap && row - tap < FRAMES) {
                                add_scaled(y[row - tap], taps[tap * 3 + column], v[column]);
                            }
                        }
                    }
                }
            } else {
#pragma unroll
                for (int frame = 0; frame < FRAMES; ++frame) {
                    y[frame] = read4<VECTOR>(s.x, position(frame0 + frame, band0 + band) * s.inputs, k0 + k - channels,
                                             s.inputs, inside(frame0 + frame, band0 + band));
                }
            }
#pragma unroll
            for (int frame = 0; frame < FRAMES; ++frame) {
                rows.store4(row_of(frame, band) * STRIDE + k, y[frame]);
            }
        }
        wait_for_copies();
        __syncthreads();
#pragma unroll 2
        for (int k = 4 * split; k < length; k += 4 * SPLITS) {
            Float4 x[4];
            Float4 w[4];
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                x[i] = rows.load4((output * 4 + i) * STRIDE + k);
                w[i] = weights.load4((k + i) * COLUMNS + quad * 4);
            }
#pragma unroll
            for (int i = 0; i < 4; ++i) {
#pragma unroll
                for (int n = 0; n < 4; ++n) {
                    add_scaled(sums[n], {{x[n].v[i], x[n].v[i], x[n].v[i], x[n].v[i]}}, w[i]);
                }
            }
        }
    }

    if constexpr (SPLITS == 2) {
        const int mine = thread % Sizes::PART_THREADS * 4;
        const auto at = [&](int n) { return n * Sizes::PART_THREADS * 4 + mine; };
        static_assert(16 * Sizes::PART_THREADS <= Sizes::ROWS, "sums take the place of the rows");
        __syncthreads();
        if (split == 1) {
#pragma unroll
            for (int n = 0; n < 4; ++n) {
                rows.store4(at(n), sums[n]);
            }
        }
        __syncthreads();
        if (split == 1) {
            return;
        }
#pragma unroll
        for (int n = 0; n < 4; ++n) {
            add_scaled(sums[n], rows.load4(at(n)), {{1.0F, 1.0F, 1.0F, 1.0F}});
        }
    }
    const int frame = output / OUT_BANDS;
    const int band = output % OUT_BANDS;
    const int column = column0 + quad * 4;
    if (frame0 / 2 + frame >= s.frames / 2 || band0 / 2 + band >= s.bands / 2 || column >= channels) {
        return;
    }
    const Float4 bias = s.bias.load4(column);
    Float4 y = {};
#pragma unroll
    for (int n = 0; n < 4; ++n) {
        Float4 shortcut = {};
        if constexpr (SINGLE) {
            const float x = seen[(2 * frame + n / 2 + 2) * SEEN_BANDS + 2 * band + n % 2 + 2];
            if (s.projects) {
                add_scaled(shortcut, s.join.load4(static_cast<std::int64_t>(channels) * channels + column),
                           {{x, x, x, x}});
            } else {
                shortcut.v[0] = x;
            }
        } else if (!s.projects) {
            shortcut = read4<VECTOR>(s.x, position(frame0 + 2 * frame + n / 2, band0 + 2 * band + n % 2) * s.inputs,
                                     column, s.inputs, true);
        }
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            y.v[i] += relu((sums[n].v[i] + bias.v[i]) + shortcut.v[i]);
        }
    }
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        y.v[i] *= 0.25F;
    }
    const std::int64_t at =
        ((clip * (s.frames / 2) + frame0 / 2 + frame) * (s.bands / 2) + band0 / 2 + band) * s.channels + column;
    if constexpr (VECTOR) {
        s.out.store4(at, y);
    } else {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            if (column + i < s.channels) {
                s.out[at + i] = y.v[i];
            }
        }
    }
}

template <bool SINGLE, int QUADS, int SPLITS, int CHUNK>
cudaError_t enqueue_as(const Separable &s, std::int64_t tiles, bool vector, cudaStream_t stream) {
    using Sizes = Layout<QUADS, SPLITS, CHUNK>;
    return launch("separable convolution",
                  vector ? separable_kernel<SINGLE, true, QUADS, SPLITS, CHUNK>
                         : separable_kernel<SINGLE, false, QUADS, SPLITS, CHUNK>,
                  dim3(static_cast<unsigned>(tiles), static_cast<unsigned>(divide_up(s.channels, Sizes::COLUMNS)),
                       static_cast<unsigned>(s.batch)),
                  dim3(Sizes::THREADS), Sizes::bytes(SINGLE), stream, s);
}

} // namespace

cudaError_t enqueue(const Separable &s, std::int32_t multiprocessors, cudaStream_t stream) {
    const bool single = s.plane.empty();
    const bool vector =
        in_fours(s.channels, {s.plane.data(), s.out.data()}) && (single || in_fours(s.inputs, {s.x.data()}));
    const std::int64_t tiles = divide_up(s.frames / 2, OUT_FRAMES) * divide_up(s.bands / 2, OUT_BANDS);
    if (single) {
        return enqueue_as<true, 8, 1, 32>(s, tiles, vector, stream);
    }
    /* Wide blocks read the plane once for 64 channels; narrow ones are twice as many, of as many threads. */
    const bool wide = tiles * s.batch * divide_up(s.channels, 64) * 10 >= std::int64_t{multiprocessors} * 9;
    if (!wide) {
        return enqueue_as<false, 8, 2, 64>(s, tiles, vector, stream);
    }
    /* A block that has a multiprocessor for itself may as well have twice the warps. */
    return tiles * s.batch * divide_up(s.channels, 64) <= multiprocessors
               ? enqueue_as<false, 16, 2, 64>(s, tiles, vector, stream)
               : enqueue_as<false, 16, 1, 64>(s, tiles, vector, stream);
}

} // namespace earshot
