#define EARSHOT_TABLE AVX512_BF16_KERNELS
#include "table.inc"
