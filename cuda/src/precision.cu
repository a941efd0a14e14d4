#include "precision.h"

#include "runtime.h"

namespace earshot {

Arithmetic arithmetic_for(std::int32_t precision) {
    switch (precision) {
    case EARSHOT_PRECISION_FLOAT32:
        return device().has_tensor_cores() ? Arithmetic::SPLIT : Arithmetic::SCALAR;
    case EARSHOT_PRECISION_TF32:
    case EARSHOT_PRECISION_BF16:
        if (!device().has_tensor_cores()) {
            throw Failure{STATUS_UNSUPPORTED, "precision: TF32 and BF16 need compute capability 8.0 or later"};
        }
        return precision == EARSHOT_PRECISION_TF32 ? Arithmetic::TF32 : Arithmetic::BF16;
    default:
        fail("precision: " + std::to_string(precision) + "; expected one of EARSHOT_PRECISION_*");
    }
}

} // namespace earshot
