#define EARSHOT_TABLE AVX512_KERNELS
#include "table.inc"
