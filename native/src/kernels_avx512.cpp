#define EARSHOT_TABLE AVX512_KERNELS
#include "kernels.inc"
