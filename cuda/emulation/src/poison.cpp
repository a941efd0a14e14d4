#include "poison.h"

#include <cstdint>

#include "emulation/control.h"
#include "sanitizer.h"

namespace earshot::emulation {

namespace {

/* The pattern's byte at an address. */
inline unsigned char pattern_at(const unsigned char *address) {
    const auto shift = static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(address) % 4 * 8);
    return static_cast<unsigned char>(POISON >> shift);
}

} // namespace

EARSHOT_UNCHECKED void fill_with_poison(unsigned char *bytes, std::size_t count) {
    std::size_t i = 0;
    for (; i < count && reinterpret_cast<std::uintptr_t>(bytes + i) % 4 != 0; ++i) {
        bytes[i] = pattern_at(bytes + i);
    }
    for (; i + 4 <= count; i += 4) {
        *reinterpret_cast<std::uint32_t *>(bytes + i) = POISON;
    }
    for (; i < count; ++i) {
        bytes[i] = pattern_at(bytes + i);
    }
}

EARSHOT_UNCHECKED std::size_t first_without_poison(const unsigned char *bytes, std::size_t count) {
    std::size_t i = 0;
    if (reinterpret_cast<std::uintptr_t>(bytes) % 4 == 0) {
        while (i + 4 <= count && *reinterpret_cast<const std::uint32_t *>(bytes + i) == POISON) {
            i += 4;
        }
    }
    for (; i < count; ++i) {
        if (bytes[i] != pattern_at(bytes + i)) {
            return i;
        }
    }
    return count;
}

} // namespace earshot::emulation
