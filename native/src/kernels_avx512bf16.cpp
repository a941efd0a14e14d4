#define EARSHOT_TABLE kAvx512Bf16Kernels
#include "kernels.inc"
