/* When memory may be read and written four floats at once. */
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

} // namespace earshot
