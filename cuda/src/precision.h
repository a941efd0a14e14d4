/* What a precision (EARSHOT_PRECISION_*) comes to on a device. */
#pragma once

#include <cstdint>

#include "arithmetic.h"

namespace earshot {

/* The arithmetic of large products that a precision asks for on this device; fails where it has none. */
Arithmetic arithmetic_for(std::int32_t precision);

} // namespace earshot
