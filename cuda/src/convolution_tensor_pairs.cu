/* The kernels of convolution_tensor.h for activations in pairs. */
#include "convolution_tensor.h"

namespace earshot {

template cudaError_t enqueue_tensor<Arithmetic::HALF_SPLIT>(const Convolution &, cudaStream_t);
template cudaError_t enqueue_tensor<Arithmetic::HALF>(const Convolution &, cudaStream_t);
template cudaError_t enqueue_tensor<Arithmetic::BF16_PAIRS>(const Convolution &, cudaStream_t);

} // namespace earshot
