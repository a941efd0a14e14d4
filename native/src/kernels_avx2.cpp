#define EARSHOT_TABLE kAvx2Kernels
#include "kernels.inc"
