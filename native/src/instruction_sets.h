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

/*
 * Whether vectors are added by units other than those that multiply and add, so that products are best computed as
 * kernels/inner_product.h does. So it is with AMD's families 19h and 1Ah (Zen 3 to 5; measured on Zen 4); Intel's processors
 * and ARM's share the units.
 */
bool adds_aside();

} // namespace earshot
