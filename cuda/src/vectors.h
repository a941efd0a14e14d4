/* When memory may be read and written four floats at once, and floats as the words that they are. */
#pragma once

#include <initializer_list>

#include "device.h"

namespace earshot {

/* Whether rows of `width` floats at these addresses all begin and end at 16 bytes. */
inline bool in_fours(std::int64_t width, std::initializer_list<const void *> addresses) {
    bool fours = width % 4 == 0;
    for (const void *address : addresses) {
        fours = fours && reinterpret_cast<std::uintptr_t>(address) % sizeof(Float4) == 0;
    }
    return fours;
}

/* The same memory as words; on the host also to write, and the other way round. */
__host__ __device__ inline Span<const std::uint32_t> as_words(const Span<const float> &values) {
#ifdef EARSHOT_EMULATION
    return {reinterpret_cast<const std::uint32_t *>(values.data()), values.count(), values.constant()};
#else
    return {reinterpret_cast<const std::uint32_t *>(values.data()), 0};
#endif
}
__host__ __device__ inline Span<std::uint32_t> mutable_words(const Span<float> &values) {
#ifdef EARSHOT_EMULATION
    return {reinterpret_cast<std::uint32_t *>(values.data()), values.count()};
#else
    return {reinterpret_cast<std::uint32_t *>(values.data()), 0};
#endif
}
inline Span<const float> as_floats(const Span<const std::uint32_t> &words) {
#ifdef EARSHOT_EMULATION
    return {reinterpret_cast<const float *>(words.data()), words.count()};
#else
    return {reinterpret_cast<const float *>(words.data()), 0};
#endif
}

} // namespace earshot
