#define EARSHOT_NAME "avx512 bf16"
#define EARSHOT_TABLE AVX512_BF16_MATH
#include "vecmath.inc"
