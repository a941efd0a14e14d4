/* Batches that are too large for one run of the kernels. */
#pragma once

#include "cuda_operation.h"

namespace earshot {

/* How a batch is run: in parts of equally many clips, but for the last, which may have fewer. */
struct Parts {
    Extents whole;
    Index clips; /* of a part */

    Index count() const { return divide_up(whole.batch, clips); }
    Extents part(Index index) const {
        const Index first = index * clips;
        return {whole.batch - first < clips ? whole.batch - first : clips, whole.frames, whole.bands};
    }
};

/*
 * The fewest parts in each of which 32 bits count the elements of every tensor, scratch included, and a grid's second
 * and third dimension, one of which the batch mostly is, hold the clips. Fails where a layer cannot take such clips.
 */
Parts parts_of(const earshot_cuda_op &op, const Extents &extents);

/* The scratch that all parts in turn make do with. */
Index scratch_of(const earshot_cuda_op &op, const Parts &parts);

/* Makes parts smaller, so that tests may have many; 0 stands for what devices need. */
void limit_parts(Index floats, Index clips);

} // namespace earshot
