#define EARSHOT_TABLE BASELINE_KERNELS
#include "table.inc"
