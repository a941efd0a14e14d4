/* The words CUDA adds to C++. A function is the same whether it is for the host or for the device.
   There is no __shared__: kernels take shared memory from earshot::emulation::shared(), where bounds are checked. */
#pragma once

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __grid_constant__
#define __align__(n) __attribute__((aligned(n)))
