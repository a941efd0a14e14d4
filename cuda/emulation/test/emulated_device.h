/* What the tests of the emulated device itself share. */
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <string>
#include <vector>

#include "harness.h"

namespace earshot::emulation::testing {

constexpr unsigned FULL = 0xFFFFFFFFU; // every lane of a warp

inline float *shared_floats() {
    return reinterpret_cast<float *>(shared().data);
}

template <class T>
T *device_array(std::size_t count) {
    T *pointer = nullptr;
    CHECK(cudaMalloc(&pointer, count * sizeof(T)) == cudaSuccess);
    return pointer;
}

template <class T>
std::vector<T> download(const T *from, std::size_t count) {
    std::vector<T> values(count);
    CHECK(cudaMemcpy(values.data(), from, count * sizeof(T), cudaMemcpyDeviceToHost) == cudaSuccess);
    return values;
}

/* Expects the device to be broken by a fault whose text has all of the parts; leaves a working one. */
inline void expect_fault(cudaError_t error, const std::vector<std::string> &parts) {
    const std::string text = last_fault();
    CHECK_THAT(error == cudaErrorIllegalAddress, cudaGetErrorName(error));
    for (const std::string &part : parts) {
        CHECK_THAT(text.find(part) != std::string::npos, "'" + part + "' is not in '" + text + "'");
    }
    reset_device();
}

struct NamedOrder {
    Order order;
    std::uint64_t seed;
};
inline const NamedOrder ORDERS[] = {{Order::FORWARD, 0}, {Order::REVERSE, 0}, {Order::SHUFFLE, 1}, {Order::SHUFFLE, 2}};

/* Right only with its barrier. */
inline __global__ void reverse_through_shared(float *out, bool with_barrier) {
    float *const values = shared_floats();
    values[threadIdx.x] = static_cast<float>(threadIdx.x);
    if (with_barrier) {
        __syncthreads();
    }
    out[threadIdx.x] = values[blockDim.x - 1 - threadIdx.x];
}

inline bool is_reversed(const std::vector<float> &values) {
    bool all = true;
    for (std::size_t i = 0; i < values.size(); ++i) {
        all = all && values[i] == static_cast<float>(values.size() - 1 - i);
    }
    return all;
}

} // namespace earshot::emulation::testing
