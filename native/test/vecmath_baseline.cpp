#define EARSHOT_NAME "baseline"
#define EARSHOT_TABLE BASELINE_MATH
#include "vecmath.inc"
