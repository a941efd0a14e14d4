/*
 * A 3x3 convolution by Winograd's minimal filtering ("Arithmetic complexity of computations", 1980; for networks: Lavin
 * and Gray, 2016): a patch of 4 frames by 4 bands of output takes 36 products of a number for each pair of channels
 * instead of 144.
 *
 * y = A' [(G w G') * (B' x B)] A, with F(4, 3) at the points 0, +-5/8, +-5/4 along both axes. The weights are transformed
 * once, in double precision. A chunk of patches is transformed into 36 matrices [patches, I], each is multiplied by its
 * [I, O] (gemm.h), and the products are transformed back. Of the sets of points that are cheap to multiply by, these
 * leave the least error: in a block of 64 to 64 channels 6.5e-7 of the root mean square, where patches of 2 by 4 leave
 * 3.6e-7 and take a third more products. Per patch and at 64 to 64 channels: 147,456 multiply-adds of products, some
 * 20,000 operations of transforms. Bound: multiply-add ports.
 */
#pragma once

#include "convolution3x3_arguments.h"
#include "gemm.h"

namespace earshot::EARSHOT_ISA {

/* Squares of the points along the bands, and their odd powers. */
constexpr float NEAR = 0.625F;
constexpr float FAR = 1.25F;
constexpr float NEAR2 = NEAR * NEAR;
constexpr float FAR2 = FAR * FAR;

/* Frames and bands that a patch is computed from. */
constexpr Index WINDOW = PATCH + 2;

/* Patches that are worked on together: the matrices stay in L2, and weights that do not are read seldom enough. */
constexpr Index CHUNK_PATCHES = 48;

inline Index patches_of(Index bands) {
    return (bands + PATCH - 1) / PATCH;
}

/* Strips, PATCH frames each, in a chunk. */
inline Index chunk_strips(Index bands) {
    const Index strips = CHUNK_PATCHES / patches_of(bands);
    return strips > 1 ? strips : 1;
}

/*
 * Floats from one of a chunk's matrices to the next, [patches, channels]. A line more than it holds: a patch is written
 * to all 36 at once, which would fall into one set of the cache where their distance is a multiple of 4 KB.
 */
inline Index winograd_matrix(Index bands, Index channels) {
    return chunk_strips(bands) * patches_of(bands) * padded(channels) + 16;
}

/* A thread's buffers. Made with a null base they only say how many floats they take. */
struct WinogradBuffers {
    Index row;                /* floats of a row of input with its margins */
    Index v_matrix, m_matrix; /* of a matrix */
    Index floats = 0;
    float *rows;  /* WINDOW rows of input, [row] each: frame t is row (t + WINDOW) % WINDOW */
    float *v, *m; /* [FREQUENCIES] matrices of P(I) and of P(O) channels */

    WinogradBuffers(const Convolution3x3 &w, Index bands, float *base)
        : row((PATCH * patches_of(bands) + 2) * padded(w.inputs)), v_matrix(winograd_matrix(bands, w.inputs)),
          m_matrix(winograd_matrix(bands, w.outputs)), rows(take(base, WINDOW * row)),
          v(take(base, FREQUENCIES * v_matrix)), m(take(base, FREQUENCIES * m_matrix)) {}

  private:
    float *take(float *base, Index n) {
        float *p = base == nullptr ? nullptr : base + floats;
        floats += n;
        return p;
    }
};

/* Frame t with zeros around it and behind its channels; all zeros where there is no such frame. */
inline void winograd_row(const Convolution3x3 &w, const ConvolutionRun &run, Index t, const WinogradBuffers &buffers) {
    const Index step = padded(w.inputs);
    float *to = buffers.rows + (t + WINDOW) % WINDOW * buffers.row;
    const bool inside = t >= 0 && t < run.frames;
    const Index filled = inside ? (run.bands + 1) * step : step;
    for (Index i = 0; i < step; i += WIDTH) {
        store(to + i, set1(0.0F));
    }
    for (Index i = filled; i < buffers.row; i += WIDTH) {
        store(to + i, set1(0.0F));
    }
    for (Index f = 0; inside && f < run.bands; ++f) {
        const float *x = run.x + (t * run.bands + f) * w.inputs;
        for (Index c = 0; c < step; c += WIDTH) {
            store(to + (f + 1) * step + c, load_at_most(x + c, w.inputs - c));
        }
    }
}

/* B': six numbers to six. */
EARSHOT_INLINE void winograd_input(const Vec (&x)[WINDOW], Vec (&y)[WINDOW]) {
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

/* A': six numbers to four. */
EARSHOT_INLINE void winograd_output(const Vec (&m)[WINDOW], Vec (&y)[PATCH]) {
    const Vec near_sum = m[1] + m[2];
    const Vec near_difference = m[1] - m[2];
    const Vec far_sum = m[3] + m[4];
    const Vec far_difference = m[3] - m[4];
    y[0] = m[0] + near_sum + far_sum;
    y[1] = fma(set1(NEAR), near_difference, set1(FAR) * far_difference);
    y[2] = fma(set1(NEAR2), near_sum, set1(FAR2) * far_sum);
    y[3] = fma(set1(NEAR2 * NEAR), near_difference, fma(set1(FAR2 * FAR), far_difference, m[5]));
}

/* Keeps the compiler from unrolling a walk into as many addresses as it has steps, which do not fit into registers. */
EARSHOT_INLINE void pin(const float *&p) {
    __asm__("" : "+r"(p));
}
EARSHOT_INLINE void pin(float *&p) {
    __asm__("" : "+r"(p));
}

/* The patches between WINDOW rows of positions, `step` floats apart, whose first lies before the first band: number k of
 * patch p into v + k * matrix + p * step. */
__attribute__((noinline)) inline void winograd_enter(const float *const (&rows)[WINDOW], Index patches, Index step,
                                                     float *v, Index matrix) {
    for (Index p = 0; p < patches; ++p) {
        for (Index c = 0; c < step; c += WIDTH) {
            Vec x[WINDOW][WINDOW];
            for (Index j = 0; j < WINDOW; ++j) {
                const Index at = (p * PATCH + j) * step + c;
                Vec column[WINDOW];
                Vec transformed[WINDOW];
#pragma GCC unroll 6
                for (Index i = 0; i < WINDOW; ++i) {
                    column[i] = load(rows[i] + at);
                }
                winograd_input(column, transformed);
#pragma GCC unroll 6
                for (Index i = 0; i < WINDOW; ++i) {
                    x[i][j] = transformed[i];
                }
            }
            float *to = v + p * step + c;
            for (Index i = 0; i < WINDOW; ++i) {
                Vec y[WINDOW];
                winograd_input(x[i], y);
#pragma GCC unroll 6
                for (Index j = 0; j < WINDOW; ++j) {
                    store(to, y[j]);
                    to += matrix;
                    pin(to);
                }
            }
        }
    }
}

/* Where the patches of a strip go. */
struct WinogradTarget {
    float *rows[PATCH]; /* null from the first frame on that is not wanted */
    Index bands, step, columns;
    const float *bias;
    bool relu;
};

/*
 * PATCH frames out of the products of their patches, [FREQUENCIES] matrices `matrix` apart of rows of P(O) = `step`. The
 * lines that the next patch is written to are fetched ahead: the processor does not see these writes coming, and would
 * wait for the memory beyond L2 for two thirds of the time.
 */
__attribute__((noinline)) inline void winograd_leave(const float *m, Index matrix, Index step,
                                                     const WinogradTarget &target) {
    const Vec least = set1(target.relu ? 0.0F : -__builtin_inff());
    for (Index p = 0; p < patches_of(target.bands); ++p) {
        const Index left = target.bands - p * PATCH;
        const Index bands = left < PATCH ? left : PATCH;
        for (Index c = 0; c < step; c += WIDTH) {
            Vec sums[PATCH][WINDOW];
            for (Index j = 0; j < WINDOW; ++j) {
                const float *from = m + j * matrix + p * step + c;
                Vec column[WINDOW];
                Vec transformed[PATCH];
#pragma GCC unroll 6
                for (Index i = 0; i < WINDOW; ++i) {
                    column[i] = load(from);
                    from += WINDOW * matrix;
                    pin(from);
                }
                winograd_output(column, transformed);
#pragma GCC unroll 4
                for (Index i = 0; i < PATCH; ++i) {
                    sums[i][j] = transformed[i];
                }
            }
            const Vec bias = load(target.bias + c);
            for (Index i = 0; i < PATCH && target.rows[i] != nullptr; ++i) {
                Vec y[PATCH];
                winograd_output(sums[i], y);
                float *z = target.rows[i] + p * PATCH * target.step + c;
#pragma GCC unroll 4
                for (Index f = 0; f < PATCH; ++f) {
                    if (f < bands) {
                        store_at_most(z + f * target.step, max_of(least, y[f] + bias), target.columns - c);
                        __builtin_prefetch(z + (PATCH + f) * target.step, 1);
                    }
                }
            }
        }
    }
}

inline void winograd_rows(const Convolution3x3 &w, const ConvolutionRun &run, Index from, Index to, float *scratch) {
    const WinogradBuffers buffers(w, run.bands, scratch);
    const Index strips = chunk_strips(run.bands);
    const Index patches = patches_of(run.bands);
    const Index inputs = padded(w.inputs);
    const Index outputs = padded(w.outputs);
    const auto ring = [&](Index t) { return buffers.rows + (t + WINDOW) % WINDOW * buffers.row; };
    winograd_row(w, run, from - 1, buffers);
    winograd_row(w, run, from, buffers);
    for (Index start = from; start < to; start += PATCH * strips) {
        Index count = 0;
        for (Index t = start; t < to && count < strips; t += PATCH) {
            const float *rows[WINDOW];
            for (Index i = 0; i < WINDOW; ++i) {
                rows[i] = ring(t - 1 + i);
                if (i >= 2) {
                    winograd_row(w, run, t - 1 + i, buffers);
                }
            }
            winograd_enter(rows, patches, inputs, buffers.v + count++ * patches * inputs, buffers.v_matrix);
        }
        for (Index k = 0; k < FREQUENCIES; ++k) {
            const Tap tap = {buffers.v + k * buffers.v_matrix, k * w.inputs};
            product(&tap, 1, inputs, w.inputs, w.weight, FREQUENCIES * w.inputs, outputs, w.zeros, count * patches,
                    {buffers.m + k * buffers.m_matrix, outputs, nullptr, 0, outputs});
        }
        for (Index strip = 0; strip < count; ++strip) {
            WinogradTarget target = {{},     run.bands, run.step, run.step < outputs ? w.outputs : outputs,
                                     w.bias, run.relu};
            for (Index i = 0; i < PATCH; ++i) {
                const Index t = start + PATCH * strip + i;
                target.rows[i] = t < to ? run.z + (t - run.first) * run.row : nullptr;
            }
            winograd_leave(buffers.m + strip * patches * outputs, buffers.m_matrix, outputs, target);
        }
    }
}

} // namespace earshot::EARSHOT_ISA
