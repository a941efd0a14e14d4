/* Samples of 16 bits on their way to the device: half the bytes that they are as floats. */
#pragma once

#include "device.h"

namespace earshot {

/* Fewer values are on their way before a kernel has been started for them. */
constexpr std::int64_t LEAST_PCM16 = 1 << 14;

/* Whether the processor narrows faster than it copies: x86-64 with AVX2. Elsewhere all values travel as floats. */
bool can_narrow_to_pcm16();

/*
 * Writes values as samples of 16 bits, past the caches, to a multiple of 32 bytes, if each of them is one to the last
 * bit: a whole multiple of 2^-15 from -1 to below 1. Whether they are; if not, or if the processor cannot, what lies at
 * `codes` is anything.
 */
bool narrow_to_pcm16(const float *values, std::int64_t count, void *codes);

/* memcpy whose writes do not pass through the caches, which would first read what is overwritten. */
void copy_past_caches(float *to, const float *from, std::int64_t count);

/* What narrow_to_pcm16 wrote for `count` values, to the values that they were. */
cudaError_t enqueue_widening(const void *codes, std::int64_t count, const Span<float> &values, cudaStream_t stream);

} // namespace earshot
