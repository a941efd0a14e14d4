/* What all norms add to a variance. */
#pragma once

namespace earshot {

constexpr float EPSILON = 1e-5F;

} // namespace earshot
