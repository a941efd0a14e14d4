#define EARSHOT_NAME "avx2"
#define EARSHOT_TABLE kAvx2Math
#include "vecmath.inc"
