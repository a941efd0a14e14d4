#define EARSHOT_NAME "avx2"
#define EARSHOT_TABLE AVX2_MATH
#include "vecmath.inc"
