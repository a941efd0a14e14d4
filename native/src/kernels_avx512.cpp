#define EARSHOT_TABLE kAvx512Kernels
#include "kernels.inc"
