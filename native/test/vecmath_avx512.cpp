#define EARSHOT_NAME "avx512"
#define EARSHOT_TABLE kAvx512Math
#include "vecmath.inc"
