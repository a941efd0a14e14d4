/*
 * How a tensor core adds up: not as a processor does.
 *
 * The products of one instruction and the sum so far are exact; they are aligned to the largest of them, what falls
 * below a fixed number of bits is cut off (not rounded), then they are added, and the result is cut off to float32
 * (M. Fasi, N. Higham, M. Mikaitis, S. Pranesh: Numerical behavior of NVIDIA tensor cores, PeerJ CS 7:e330, 2021, found
 * this on compute capability 7.0 to 8.0; cuda/test/tensor_core_test.cu asks the device). Cutting off is biased: over
 * a long sum the errors all point to zero, which rounding to nearest would hide.
 */
#pragma once

namespace earshot::emulation {

constexpr unsigned TENSOR_CORE_COLUMNS = 8;

/* sums[column] + a . b[.][column], as one instruction makes them: over 8 numbers of TF32, or 16 of 16 bits. */
void tensor_core_sums(float *const (&sums)[TENSOR_CORE_COLUMNS], const float (&a)[8],
                      const float (&b)[8][TENSOR_CORE_COLUMNS]);
void tensor_core_sums(float *const (&sums)[TENSOR_CORE_COLUMNS], const float (&a)[16],
                      const float (&b)[16][TENSOR_CORE_COLUMNS]);

} // namespace earshot::emulation
