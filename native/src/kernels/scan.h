/*
 * The selective scan, vectorised across channels.
 *
 *   h_n = exp(delta A_n) h_n + delta u B_n,  y = sum_n C_n h_n + D u,  out = y SiLU(z)
 *
 * for one vector of channels over a run of positions. The states of up to STATES n live in registers over the whole run,
 * or in the L1 cache where there are only 16 of them (half as many states at a time were measured to be slower); more
 * are done STATES at a time, y being carried in L1. B_n and C_n are broadcast, so there is no sum across lanes. Read per
 * position: delta, u, z (a vector each) and 2N floats; written: one vector. Per state and position: an exp and three
 * multiplications or multiply-adds, which is the bound: with AVX-512's FastDecay six of its twelve operations need the
 * multiply ports, with AVX2's eight of fourteen.
 */
#pragma once

#include "vecmath.h"

namespace earshot::EARSHOT_ISA {

constexpr Index STATES = 16;

struct ScanArguments {
    const float *decay;
    float *state;
    const float *delta;
    const float *u;
    Index step;
    const float *b;
    const float *c;
    Index bc_step;
    Index length;
    float *y;
};

/* N states; y starts as D u where `skip` is not null and is added to where it is. */
template <Index N, class D>
EARSHOT_INLINE void scan_states(const D &decay, const ScanArguments &s, const float *skip) {
    Vec h[N];
#pragma GCC unroll 16
    for (Index n = 0; n < N; ++n) {
        h[n] = load(s.state + n * WIDTH);
    }
    for (Index t = 0; t < s.length; ++t) {
        const Vec d = load(s.delta + t * WIDTH);
        const Vec u = load(s.u + t * s.step);
        const Vec du = d * u;
        const float *b = s.b + t * s.bc_step;
        const float *c = s.c + t * s.bc_step;
        Vec sums[2] = {skip != nullptr ? u * load(skip) : load(s.y + t * WIDTH), set1(0.0F)};
#pragma GCC unroll 16
        for (Index n = 0; n < N; ++n) {
            h[n] = fma(decay(d, load(s.decay + n * WIDTH)), h[n], du * set1(b[n]));
            sums[n % 2] = fma(h[n], set1(c[n]), sums[n % 2]);
        }
        store(s.y + t * WIDTH, sums[0] + sums[1]);
    }
#pragma GCC unroll 16
    for (Index n = 0; n < N; ++n) {
        store(s.state + n * WIDTH, h[n]);
    }
}

template <class D>
__attribute__((noinline)) void scan_all(const D &decay, ScanArguments s, Index states, const float *skip) {
    while (states > 0) {
        Index done = 1;
        if (states >= STATES) {
            scan_states<STATES>(decay, s, skip);
            done = STATES;
        } else if (states >= 4) {
            scan_states<4>(decay, s, skip);
            done = 4;
        } else {
            scan_states<1>(decay, s, skip);
        }
        skip = nullptr;
        states -= done;
        s.decay += done * WIDTH;
        s.state += done * WIDTH;
        s.b += done;
        s.c += done;
    }
}

inline void scan(const float *decay, const float *lowest, const float *skip, float *state, const float *delta, float *u,
                 const float *z, Index step, const float *b, const float *c, Index bc_step, Index states, Index length,
                 float *y) {
    const ScanArguments s = {decay, state, delta, u, step, b, c, bc_step, length, y};
#if !defined(EARSHOT_VEC_BASELINE)
    Vec greatest = set1(0.0F);
    for (Index t = 0; t < length; ++t) {
        greatest = max_of(greatest, load(delta + t * WIDTH));
    }
    if (FastDecay::covers(greatest, load(lowest))) {
        scan_all(FastDecay(), s, states, skip);
    } else {
        scan_all(Decay(), s, states, skip);
    }
#else
    (void)lowest;
    scan_all(Decay(), s, states, skip);
#endif
    in_groups(
        length, [&](Index t, auto group) __attribute__((always_inline)) {
            constexpr Index G = decltype(group)::COUNT;
            Vec gate[G];
#pragma GCC unroll 8
            for (Index i = 0; i < G; ++i) {
                gate[i] = load(z + (t + i) * step);
            }
            silu(gate);
#pragma GCC unroll 8
            for (Index i = 0; i < G; ++i) {
                store(u + (t + i) * step, load(y + (t + i) * WIDTH) * gate[i]);
            }
        });
}

} // namespace earshot::EARSHOT_ISA
