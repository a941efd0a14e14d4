/* How rows are shared out as tasks. */
#pragma once

#include "team.h"

namespace earshot {

/* Calls body(from, to, thread) for blocks of at most `most` rows that together are all rows. */
template <class Body>
void each_block(Index rows, Index most, Team &team, const Body &body) {
    team.each((rows + most - 1) / most, [&](Index task, int thread) {
        const Index from = task * most;
        body(from, from + most < rows ? from + most : rows, thread);
    });
}

/* Rows of a convolution's output that a task computes: few enough to share the work out, enough to reuse the rows they
 * read; three strips of patches (kernels/winograd.h), which at 4, 8 and 16 patches are whole tiles of six rows. */
constexpr Index BLOCK_ROWS = 18;

} // namespace earshot
