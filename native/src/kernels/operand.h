/*
 * How the products take their operands: as words of 32 bits, one for each step of k.
 *
 * In float32 a word is a number. Where the processor multiplies bfloat16 (compiled with AVX512-BF16) a word is two
 * neighbours along k, the first in the low half: one instruction multiplies both, and sums in float32. Numbers are
 * rounded to the nearest, ties to even, half an ulp being 2^-9 of them; denormals count as 0. A row of operands has
 * half the words of a row of floats, an odd end being filled with a weight of 0.
 */
#pragma once

#include "vec.h"

namespace earshot::EARSHOT_ISA {

#if defined(__AVX512BF16__)

constexpr bool PAIRS = true;
constexpr Index PER_WORD = 2;

/* c + a b, the sum of both products of a lane. */
EARSHOT_INLINE Vec multiply_add(Vec a, Vec b, Vec c) {
    return _mm512_dpbf16_ps(c, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
}
/* Puts one vector of floats, from column c on, into a row of operands. */
EARSHOT_INLINE void store_operand(float *row, Index c, Vec v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i_u *>(row + c / 2), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(v)));
}

#else

constexpr bool PAIRS = false;
constexpr Index PER_WORD = 1;

EARSHOT_INLINE Vec multiply_add(Vec a, Vec b, Vec c) {
    return fma(a, b, c);
}
EARSHOT_INLINE void store_operand(float *row, Index c, Vec v) {
    store(row + c, v);
}

#endif

/* Words of n numbers along k. */
EARSHOT_INLINE Index words(Index n) {
    return (n + PER_WORD - 1) / PER_WORD;
}

/* Rows of operands and the words from one to the next. */
struct Operand {
    const float *row;
    Index step;
};

/* The rows [rows, columns] as operands: themselves in float32, else converted into `buffer`, whose rows lie `step`
 * words apart. Columns are padded. */
inline Operand operand(const float *from, Index from_step, Index columns, Index rows, float *buffer, Index step) {
    if constexpr (PAIRS) {
        for (Index i = 0; i < rows; ++i) {
            for (Index c = 0; c < columns; c += WIDTH) {
                store_operand(buffer + i * step, c, load(from + i * from_step + c));
            }
        }
        return {buffer, step};
    } else {
        return {from, from_step};
    }
}

} // namespace earshot::EARSHOT_ISA
