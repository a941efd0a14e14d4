#define EARSHOT_TABLE BASELINE_KERNELS
#include "kernels.inc"
