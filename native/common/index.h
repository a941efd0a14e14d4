/* What counts elements and bytes. Of its own, since kernels that are compiled for one instruction set include no more. */
#pragma once

#include <cstdint>

namespace earshot {

using Index = std::int64_t;

} // namespace earshot
