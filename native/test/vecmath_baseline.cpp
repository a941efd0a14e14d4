#define EARSHOT_NAME "baseline"
#define EARSHOT_TABLE kBaselineMath
#include "vecmath.inc"
