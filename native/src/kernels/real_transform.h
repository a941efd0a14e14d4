/*
 * The magnitudes of the Fourier transform of real signals, WIDTH64 of them side by side, one in each lane: no shuffles,
 * and a signal's result depends neither on its lane nor on its neighbours.
 *
 * A signal x of n_fft samples is transformed as n_fft / 2 complex ones, z[j] = x[2j] + i x[2j + 1], in place, by passes
 * of radix 4 and one of radix 2 where four does not divide, decimated in frequency (Gentleman and Sande, 1966). Each
 * pass splits a block into four that are then finished one after the other, so that all but the first passes stay in
 * the nearest cache. The bins stay where the passes leave them: a bin is whole cache lines, and its place a table's.
 * With E and O the transforms of even and odd samples, X[k] = E + e^(-2 pi i k / n_fft) O and X[n_fft / 2 - k] is the
 * conjugate of their difference; E and O are half of sum and difference of Z[k] and conj Z[n_fft / 2 - k], and that
 * half is in the window. Bound: (28 / 2 log2(n_fft / 2) + 20) / 2 operations on vectors for each sample of WIDTH64
 * signals, and as many cache lines as the block has for each pass.
 */
#pragma once

#include "log_mel_arguments.h"
#include "vec64.h"

namespace earshot::EARSHOT_ISA {

/* A complex number of each signal. */
struct Complex64 {
    Vec64 re, im;
};

/* Doubles that a complex number of all signals takes. */
constexpr Index COMPLEX = 2 * WIDTH64;

EARSHOT_INLINE Complex64 load_complex(const double *p) {
    return {load(p), load(p + WIDTH64)};
}
EARSHOT_INLINE void store_complex(double *p, Complex64 v) {
    store(p, v.re);
    store(p + WIDTH64, v.im);
}
EARSHOT_INLINE Complex64 operator+(Complex64 a, Complex64 b) {
    return {a.re + b.re, a.im + b.im};
}
EARSHOT_INLINE Complex64 operator-(Complex64 a, Complex64 b) {
    return {a.re - b.re, a.im - b.im};
}
/* Times the root whose parts root[0] and root[1] are. */
EARSHOT_INLINE Complex64 times(Complex64 a, const double *root) {
    const Vec64 re = set1(root[0]);
    const Vec64 im = set1(root[1]);
    return {fnma(a.im, im, a.re * re), fma(a.re, im, a.im * re)};
}

/* Four numbers and their transform. */
struct Four {
    Complex64 at[4];

    EARSHOT_INLINE void load_from(const double *z, Index step) {
        for (Index i = 0; i < 4; ++i) {
            at[i] = load_complex(z + i * step * COMPLEX);
        }
    }
    EARSHOT_INLINE void store_to(double *z, Index step) const {
        for (Index i = 0; i < 4; ++i) {
            store_complex(z + i * step * COMPLEX, at[i]);
        }
    }
    EARSHOT_INLINE void transform() {
        const Complex64 even_sum = at[0] + at[2];
        const Complex64 even_difference = at[0] - at[2];
        const Complex64 odd_sum = at[1] + at[3];
        const Complex64 odd_difference = at[1] - at[3];
        /* Times -i. */
        const Complex64 turned = {odd_difference.im, set1(0.0) - odd_difference.re};
        at[0] = even_sum + odd_sum;
        at[1] = even_difference + turned;
        at[2] = even_sum - odd_sum;
        at[3] = even_difference - turned;
    }
    /* Times roots 1 to 3 of a pass. */
    EARSHOT_INLINE void turn(const double *roots) {
        for (Index i = 1; i < 4; ++i) {
            at[i] = times(at[i], roots + 2 * (i - 1));
        }
    }
};

/* Transforms `length` complex numbers in place; roots from those of this length on. */
inline void transform_complex(double *z, Index length, const double *roots) {
    Four four;
    if (length == 2) {
        const Complex64 a = load_complex(z);
        const Complex64 b = load_complex(z + COMPLEX);
        store_complex(z, a + b);
        store_complex(z + COMPLEX, a - b);
        return;
    }
    if (length == 4) {
        four.load_from(z, 1);
        four.transform();
        four.store_to(z, 1);
        return;
    }
    const Index quarter = length / 4;
    for (Index j = 0; j < quarter; ++j) {
        four.load_from(z + j * COMPLEX, quarter);
        four.transform();
        four.turn(roots + 6 * j);
        four.store_to(z + j * COMPLEX, quarter);
    }
    for (Index i = 0; i < 4; ++i) {
        transform_complex(z + i * quarter * COMPLEX, quarter, roots + 6 * quarter);
    }
}

EARSHOT_INLINE Vec64 magnitude(Vec64 re, Vec64 im) {
    return square_root(fma(re, re, im * im));
}

/*
 * Magnitudes [n_fft / 2 + 1, WIDTH64] of the bins, from z [n_fft / 2], the transform of what was halved.
 */
inline void real_magnitudes(const LogMelTables &tables, const double *z, double *magnitudes) {
    const Index half = tables.n_fft / 2;
    const Complex64 first = load_complex(z + tables.places[0] * COMPLEX);
    const Vec64 zero = set1(0.0);
    store(magnitudes, magnitude((first.re + first.im) + (first.re + first.im), zero));
    store(magnitudes + half * WIDTH64, magnitude((first.re - first.im) + (first.re - first.im), zero));
    for (Index k = 1; k <= half / 2; ++k) {
        const Complex64 a = load_complex(z + tables.places[k] * COMPLEX);
        const Complex64 b = load_complex(z + tables.places[half - k] * COMPLEX);
        const Complex64 even = {a.re + b.re, a.im - b.im};
        /* O times i. */
        const Complex64 odd = times({a.re - b.re, a.im + b.im}, tables.real_roots + 2 * k);
        store(magnitudes + k * WIDTH64, magnitude(even.re + odd.im, even.im - odd.re));
        store(magnitudes + (half - k) * WIDTH64, magnitude(even.re - odd.im, even.im + odd.re));
    }
}

} // namespace earshot::EARSHOT_ISA
