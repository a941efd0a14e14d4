/* Which instruction sets and precisions this processor has. */
#pragma once

#include <cstdint>

#include "kernel_table.h"

namespace earshot {

/* Fails where there is no such set or precision, or where this processor lacks it. */
const Kernels &kernels_for(std::int32_t isa, std::int32_t precision);
/* Fails where there is no such precision. */
void require_precision(std::int32_t precision);
std::int32_t isa_of(const Kernels &kernels);

} // namespace earshot
