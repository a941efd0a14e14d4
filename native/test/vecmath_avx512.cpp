#define EARSHOT_NAME "avx512"
#define EARSHOT_TABLE AVX512_MATH
#include "vecmath.inc"
