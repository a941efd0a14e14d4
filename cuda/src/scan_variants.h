/* The variants of the selective scan behind enqueue(); tests and the kernel benchmark ask for one by name. */
#pragma once

#include "scan.h"

namespace earshot {

constexpr std::int32_t kMostStates = 256;

/* One thread a channel: any size. */
cudaError_t enqueue_plain(const SelectiveScan &scan, cudaStream_t stream);

} // namespace earshot
