/*
 * A 3x3 convolution by Winograd's minimal filtering ("Arithmetic complexity of computations", 1980; for networks: Lavin
 * and Gray, 2016): a patch of 6 frames by 4 bands of output takes 48 products of a number for each pair of channels
 * instead of 216.
 *
 * y = A' [(G w G') * (B' x B)] A, with F(6, 3) at the points 0, +-1/2, +-1, +-2 along time and F(4, 3) at 0, +-5/8, +-5/4
 * along the bands. Of the sets of points that are cheap to multiply by, these leave the least error: 1.9 times that of
 * patches of 4 by 4, which take an eighth more products; patches of 6 by 6 would take a ninth less and leave 3.5 times
 * the error. The weights are transformed once, in double precision.
 *
 * A chunk of patches is transformed along time, row by row. Then, for one of the eight numbers along time after the
 * other, along the bands into six matrices [patches, I], each of which is multiplied by its [I, O] (gemm.h), and back
 * along the bands; at last back along time. So neighbouring patches share the transforms along time, every row is read
 * and written from front to back, and what lies between the transforms stays in L2 but for the weights. Per patch and at
 * 64 to 64 channels: 196,608 multiply-adds of products, some 25,000 operations of transforms. Bound: multiply-add ports.
 */
#pragma once

#include "convolution3x3_arguments.h"
#include "gemm.h"

namespace earshot::EARSHOT_ISA {

/* Points along the bands, and their squares. */
constexpr float NEAR = 0.625F;
constexpr float FAR = 1.25F;
constexpr float NEAR2 = NEAR * NEAR;
constexpr float FAR2 = FAR * FAR;

/* Patches that are worked on together: what is made of them stays in L2, and weights that do not are read seldom enough. */
constexpr Index CHUNK_PATCHES = 48;

inline Index patches_of(Index bands) {
    return (bands + PATCH_BANDS - 1) / PATCH_BANDS;
}

/* Strips, PATCH_FRAMES each, in a chunk. */
inline Index chunk_strips(Index bands) {
    const Index strips = CHUNK_PATCHES / patches_of(bands);
    return strips > 1 ? strips : 1;
}

/*
 * A thread's buffers for a chunk, positions of P(I) or P(O) channels: made with a null base they only say how many floats
 * they take. From one matrix to the next is a line of the cache more than it holds: a position is written to all of them
 * at once, which would fall into one set of the cache where their distance is a multiple of 4 KB.
 */
struct WinogradBuffers {
    Index positions; /* of a strip's input: its bands between margins */
    Index x_matrix, v_matrix, m_matrix, y_matrix;
    Index floats = 0;
    float *x; /* [slices, WINDOW_FRAMES] matrices [strips, positions]: input, transformed along time */
    float *v; /* [slices, WINDOW_BANDS] matrices [patches]: those of one number along time, along the bands as well */
    float *m; /* [WINDOW_BANDS] matrices [patches]: their products */
    float *y; /* [WINDOW_FRAMES] matrices [patches, PATCH_BANDS]: products, transformed back along the bands */

    WinogradBuffers(Index bands, Index inputs, Index outputs, Index slices, float *base) {
        const Index strips = chunk_strips(bands);
        const Index patches = patches_of(bands);
        const auto matrix = [=](Index count, Index channels) { return strips * count * padded(channels) + LINE; };
        positions = PATCH_BANDS * patches + 2;
        x_matrix = matrix(positions, inputs);
        v_matrix = matrix(patches, inputs);
        m_matrix = matrix(patches, outputs);
        y_matrix = matrix(patches * PATCH_BANDS, outputs);
        x = take(base, slices * WINDOW_FRAMES * x_matrix);
        v = take(base, slices * WINDOW_BANDS * v_matrix);
        m = take(base, WINDOW_BANDS * m_matrix);
        y = take(base, WINDOW_FRAMES * y_matrix);
    }

  private:
    static constexpr Index LINE = 16;

    float *take(float *base, Index n) {
        float *p = base == nullptr ? nullptr : base + floats;
        floats += n;
        return p;
    }
};

/* B' along time, with the points 0, +-1/2, +-1 and +-2: eight numbers to eight. */
EARSHOT_INLINE void winograd_input(const Vec (&x)[WINDOW_FRAMES], Vec (&y)[WINDOW_FRAMES]) {
    y[0] = fma(set1(5.25F), x[2] - x[4], x[6] - x[0]);
    y[7] = fma(set1(5.25F), x[3] - x[5], x[7] - x[1]);
    const Vec half_even = fma(set1(-5.0F), x[4], fma(set1(4.0F), x[2], x[6]));
    const Vec half_odd = fma(set1(-5.0F), x[3], fma(set1(4.0F), x[1], x[5]));
    y[1] = fma(set1(0.5F), half_odd, half_even);
    y[2] = fma(set1(-0.5F), half_odd, half_even);
    const Vec one_even = fma(set1(-4.25F), x[4], x[2] + x[6]);
    const Vec one_odd = fma(set1(-4.25F), x[3], x[1] + x[5]);
    y[3] = one_even + one_odd;
    y[4] = one_even - one_odd;
    const Vec two_even = fma(set1(-1.25F), x[4], fma(set1(0.25F), x[2], x[6]));
    const Vec two_odd = fma(set1(-1.25F), x[3], fma(set1(0.25F), x[1], x[5]));
    y[5] = fma(set1(2.0F), two_odd, two_even);
    y[6] = fma(set1(-2.0F), two_odd, two_even);
}

/* B' along the bands: six numbers to six. */
EARSHOT_INLINE void winograd_input(const Vec (&x)[WINDOW_BANDS], Vec (&y)[WINDOW_BANDS]) {
    const Vec near2 = set1(-NEAR2);
    const Vec far2 = set1(-FAR2);
    const Vec both = set1(-NEAR2 - FAR2);
    const Vec product = set1(NEAR2 * FAR2);
    const Vec near_even = fma(far2, x[2], x[4]);
    const Vec far_even = fma(near2, x[2], x[4]);
    const Vec near_odd = fma(far2, x[1], x[3]) * set1(NEAR);
    const Vec far_odd = fma(near2, x[1], x[3]) * set1(FAR);
    y[0] = fma(product, x[0], fma(both, x[2], x[4]));
    y[1] = near_even + near_odd;
    y[2] = near_even - near_odd;
    y[3] = far_even + far_odd;
    y[4] = far_even - far_odd;
    y[5] = fma(product, x[1], fma(both, x[3], x[5]));
}

/* A' along time: eight numbers to six. */
EARSHOT_INLINE void winograd_output(const Vec (&m)[WINDOW_FRAMES], Vec (&y)[PATCH_FRAMES]) {
    const Vec half_sum = m[1] + m[2];
    const Vec half_difference = m[1] - m[2];
    const Vec one_sum = m[3] + m[4];
    const Vec one_difference = m[3] - m[4];
    const Vec two_sum = m[5] + m[6];
    const Vec two_difference = m[5] - m[6];
    y[0] = (m[0] + one_sum) + (half_sum + two_sum);
    y[1] = fma(set1(2.0F), two_difference, fma(set1(0.5F), half_difference, one_difference));
    y[2] = fma(set1(4.0F), two_sum, fma(set1(0.25F), half_sum, one_sum));
    y[3] = fma(set1(8.0F), two_difference, fma(set1(0.125F), half_difference, one_difference));
    y[4] = fma(set1(16.0F), two_sum, fma(set1(0.0625F), half_sum, one_sum));
    y[5] = fma(set1(32.0F), two_difference, fma(set1(0.03125F), half_difference, one_difference + m[7]));
}

/* A' along the bands: six numbers to four. */
EARSHOT_INLINE void winograd_output(const Vec (&m)[WINDOW_BANDS], Vec (&y)[PATCH_BANDS]) {
    const Vec near_sum = m[1] + m[2];
    const Vec near_difference = m[1] - m[2];
    const Vec far_sum = m[3] + m[4];
    const Vec far_difference = m[3] - m[4];
    y[0] = m[0] + near_sum + far_sum;
    y[1] = fma(set1(NEAR), near_difference, set1(FAR) * far_difference);
    y[2] = fma(set1(NEAR2), near_sum, set1(FAR2) * far_sum);
    y[3] = fma(set1(NEAR2 * NEAR), near_difference, fma(set1(FAR2 * FAR), far_difference, m[5]));
}

/* Fills the margins of a chunk's input, which nothing writes to. */
inline void winograd_margins(const WinogradBuffers &buffers, Index bands, Index step, Index slices) {
    const Index strips = chunk_strips(bands);
    for (Index matrix = 0; matrix < slices * WINDOW_FRAMES; ++matrix) {
        for (Index strip = 0; strip < strips; ++strip) {
            float *first = buffers.x + matrix * buffers.x_matrix + strip * buffers.positions * step;
            for (Index i = 0; i < step; i += WIDTH) {
                store(first + i, set1(0.0F));
            }
            for (Index i = (bands + 1) * step; i < buffers.positions * step; i += WIDTH) {
                store(first + i, set1(0.0F));
            }
        }
    }
}

/* Where a strip's rows come from: positions of `inputs` channels. */
struct WinogradSource {
    const float *rows[WINDOW_FRAMES];
    Index bands, inputs;
};

/* A strip along time: number k of a band into x + k * matrix, behind the margin. Rows are read from front to back, so that
 * no line of the cache is needed twice, however many of them fall into one set. */
__attribute__((noinline)) inline void winograd_enter(const WinogradSource &source, float *x, Index matrix) {
    constexpr Index AHEAD = 256; /* floats; the processor does not see all of eight walks coming */
    const Index step = padded(source.inputs);
    for (Index f = 0; f < source.bands; ++f) {
        for (Index c = 0; c < step; c += WIDTH) {
            const Index at = f * source.inputs + c;
            Vec column[WINDOW_FRAMES];
            Vec transformed[WINDOW_FRAMES];
#pragma GCC unroll 8
            for (Index i = 0; i < WINDOW_FRAMES; ++i) {
                column[i] = load_at_most(source.rows[i] + at, source.inputs - c);
                __builtin_prefetch(source.rows[i] + at + AHEAD);
            }
            winograd_input(column, transformed);
            float *to = x + (f + 1) * step + c;
#pragma GCC unroll 8
            for (Index i = 0; i < WINDOW_FRAMES; ++i) {
                store(to + i * matrix, transformed[i]);
            }
        }
    }
}

/* The patches of a strip's [positions, step] along the bands: number k of patch p into v + k * matrix + p * step. */
__attribute__((noinline)) inline void winograd_patches(const float *x, Index patches, Index step, float *v,
                                                       Index matrix) {
    for (Index p = 0; p < patches; ++p) {
        for (Index c = 0; c < step; c += WIDTH) {
            Vec row[WINDOW_BANDS];
            Vec transformed[WINDOW_BANDS];
#pragma GCC unroll 6
            for (Index j = 0; j < WINDOW_BANDS; ++j) {
                row[j] = load(x + (p * PATCH_BANDS + j) * step + c);
            }
            winograd_input(row, transformed);
#pragma GCC unroll 6
            for (Index j = 0; j < WINDOW_BANDS; ++j) {
                store(v + j * matrix + p * step + c, transformed[j]);
            }
        }
    }
}

/* The products of `patches` patches back along the bands, to PATCH_BANDS positions each. */
__attribute__((noinline)) inline void winograd_bands(const float *m, Index matrix, Index patches, Index step,
                                                     float *y) {
    for (Index p = 0; p < patches; ++p) {
        for (Index c = 0; c < step; c += WIDTH) {
            Vec products[WINDOW_BANDS];
            Vec transformed[PATCH_BANDS];
#pragma GCC unroll 6
            for (Index j = 0; j < WINDOW_BANDS; ++j) {
                products[j] = load(m + j * matrix + p * step + c);
            }
            winograd_output(products, transformed);
#pragma GCC unroll 4
            for (Index f = 0; f < PATCH_BANDS; ++f) {
                store(y + (p * PATCH_BANDS + f) * step + c, transformed[f]);
            }
        }
    }
}

/*
 * All products of a chunk: x to y, one number along time after the other, so that only six numbers of each patch are
 * around at once. `weight` are panels of [FREQUENCIES, slices] groups of `inputs` steps.
 */
inline void winograd_products(const WinogradBuffers &buffers, Index strips, Index bands, Index inputs, Index outputs,
                              Index slices, const float *weight, const float *zeros, Tap *taps) {
    const Index patches = patches_of(bands);
    const Index in = padded(inputs);
    const Index out = padded(outputs);
    for (Index i = 0; i < WINDOW_FRAMES; ++i) {
        for (Index s = 0; s < slices; ++s) {
            const float *x = buffers.x + (s * WINDOW_FRAMES + i) * buffers.x_matrix;
            float *v = buffers.v + s * WINDOW_BANDS * buffers.v_matrix;
            for (Index strip = 0; strip < strips; ++strip) {
                winograd_patches(x + strip * buffers.positions * in, patches, in, v + strip * patches * in,
                                 buffers.v_matrix);
            }
        }
        for (Index j = 0; j < WINDOW_BANDS; ++j) {
            for (Index s = 0; s < slices; ++s) {
                taps[s] = {buffers.v + (s * WINDOW_BANDS + j) * buffers.v_matrix,
                           ((i * WINDOW_BANDS + j) * slices + s) * inputs};
            }
            product(taps, slices, in, inputs, weight, FREQUENCIES * slices * inputs, out, zeros, strips * patches,
                    {buffers.m + j * buffers.m_matrix, out, nullptr, 0, out});
        }
        winograd_bands(buffers.m, buffers.m_matrix, strips * patches, out, buffers.y + i * buffers.y_matrix);
    }
}

/* Where the frames of a strip go. */
struct WinogradTarget {
    float *rows[PATCH_FRAMES]; /* null from the first frame on that is not wanted */
    Index bands, step, columns;
    const float *bias;
    bool relu;
};

/*
 * PATCH_FRAMES frames out of a strip of y, positions of P(O) = `step` channels. Lines that will be written to are fetched
 * ahead: the processor does not see these writes coming, and would wait for the memory beyond L2.
 */
__attribute__((noinline)) inline void winograd_leave(const float *y, Index matrix, Index step,
                                                     const WinogradTarget &target) {
    const Vec least = set1(target.relu ? 0.0F : -__builtin_inff());
    for (Index f = 0; f < target.bands; ++f) {
        for (Index c = 0; c < step; c += WIDTH) {
            Vec column[WINDOW_FRAMES];
            Vec transformed[PATCH_FRAMES];
#pragma GCC unroll 8
            for (Index i = 0; i < WINDOW_FRAMES; ++i) {
                column[i] = load(y + i * matrix + f * step + c);
            }
            winograd_output(column, transformed);
            const Vec bias = load(target.bias + c);
            const Index at = f * target.step + c;
#pragma GCC unroll 6
            for (Index i = 0; i < PATCH_FRAMES; ++i) {
                if (target.rows[i] != nullptr) {
                    float *z = target.rows[i] + at;
                    store_at_most(z, max_of(least, transformed[i] + bias), target.columns - c);
                    __builtin_prefetch(z + PATCH_BANDS * target.step, 1);
                }
            }
        }
    }
}

/* A row of zeros for frames beyond the clip's ends, and the buffers. */
inline Index winograd_scratch(const Convolution3x3 &w, Index bands) {
    return padded(bands * w.inputs) + WinogradBuffers(bands, w.inputs, w.outputs, 1, nullptr).floats;
}

inline void winograd_rows(const Convolution3x3 &w, const ConvolutionRun &run, Index from, Index to, float *scratch) {
    const Index row = run.bands * w.inputs;
    for (Index i = 0; i < padded(row); i += WIDTH) {
        store(scratch + i, set1(0.0F));
    }
    const WinogradBuffers buffers(run.bands, w.inputs, w.outputs, 1, scratch + padded(row));
    const Index strips = chunk_strips(run.bands);
    const Index patches = patches_of(run.bands);
    const Index outputs = padded(w.outputs);
    winograd_margins(buffers, run.bands, padded(w.inputs), 1);
    for (Index start = from; start < to; start += PATCH_FRAMES * strips) {
        Index count = 0;
        for (Index t = start; t < to && count < strips; t += PATCH_FRAMES, ++count) {
            WinogradSource source = {{}, run.bands, w.inputs};
            for (Index i = 0; i < WINDOW_FRAMES; ++i) {
                const Index frame = t - 1 + i;
                source.rows[i] = frame < 0 || frame >= run.frames ? scratch : run.x + frame * row;
            }
            winograd_enter(source, buffers.x + count * buffers.positions * padded(w.inputs), buffers.x_matrix);
        }
        Tap tap;
        winograd_products(buffers, count, run.bands, w.inputs, w.outputs, 1, w.weight, w.zeros, &tap);
        for (Index strip = 0; strip < count; ++strip) {
            WinogradTarget target = {{},     run.bands, run.step, run.step < outputs ? w.outputs : outputs,
                                     w.bias, run.relu};
            for (Index i = 0; i < PATCH_FRAMES; ++i) {
                const Index t = start + PATCH_FRAMES * strip + i;
                target.rows[i] = t < to ? run.z + (t - run.first) * run.row : nullptr;
            }
            winograd_leave(buffers.y + strip * patches * PATCH_BANDS * outputs, buffers.y_matrix, outputs, target);
        }
    }
}

} // namespace earshot::EARSHOT_ISA
