/* Stands in for CUDA's header of this name when kernels are compiled as C++: the same names, executed on the CPU.
   EARSHOT_EMULATION tells sources which of the two they see. */
#pragma once

#define EARSHOT_EMULATION 1

#include "emulation/qualifiers.h"

#include "emulation/vector_types.h"

#include "emulation/atomics.h"
#include "emulation/control.h"
#include "emulation/intrinsics.h"
#include "emulation/launch.h"
#include "emulation/runtime_api.h"
#include "emulation/thread.h"
#include "emulation/warp.h"
