#define EARSHOT_TABLE AVX2_KERNELS
#include "table.inc"
