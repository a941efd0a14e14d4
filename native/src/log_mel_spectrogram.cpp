/* EARSHOT_LAYER_LOG_MEL: where the kernels run on the host's processor, Java computes the front end on it as well. */
#include "cpu_operation.h"

namespace earshot {

std::unique_ptr<earshot_cpu_op> make_log_mel_spectrogram(const CpuPacking &) {
    throw Failure{STATUS_UNSUPPORTED, "kind: EARSHOT_LAYER_LOG_MEL, which this library is without"};
}

} // namespace earshot
