/* Filling memory with the poison pattern, and finding out whether it is still there. */
#pragma once

#include <cstddef>

namespace earshot::emulation {

void fill_with_poison(unsigned char *bytes, std::size_t count);

/* The first of `count` bytes that differs from the pattern; `count` if none does. The pattern starts at an address
   that is a multiple of 4. Looks at memory that a sanitizer forbids. */
std::size_t first_without_poison(const unsigned char *bytes, std::size_t count);

} // namespace earshot::emulation
