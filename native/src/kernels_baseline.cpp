#define EARSHOT_TABLE kBaselineKernels
#include "kernels.inc"
