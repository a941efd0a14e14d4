/* Memory of the device that a test or benchmark owns. */
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "device.h"

namespace test {

inline void require(cudaError_t error, const char *what) {
    if (error != cudaSuccess) {
        throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(error));
    }
}

class DeviceArray {
  public:
    /* Holds NaN everywhere. */
    explicit DeviceArray(std::int64_t count) : count_(count) {
        require(cudaMalloc(reinterpret_cast<void **>(&data_), bytes()), "allocating");
        require(cudaMemset(data_, 0xFF, bytes()), "filling");
    }
    explicit DeviceArray(const std::vector<float> &values) : count_(static_cast<std::int64_t>(values.size())) {
        require(cudaMalloc(reinterpret_cast<void **>(&data_), bytes()), "allocating");
        require(cudaMemcpy(data_, values.data(), bytes(), cudaMemcpyHostToDevice), "copying to the device");
    }
    DeviceArray(const DeviceArray &) = delete;
    DeviceArray &operator=(const DeviceArray &) = delete;
    ~DeviceArray() { cudaFree(data_); }

    earshot::Span<float> span() const { return {data_, count_}; }

    /* After everything that was enqueued. */
    std::vector<float> values() const {
        require(cudaDeviceSynchronize(), "running");
        std::vector<float> values(static_cast<std::size_t>(count_));
        require(cudaMemcpy(values.data(), data_, bytes(), cudaMemcpyDeviceToHost), "copying from the device");
        return values;
    }

  private:
    std::size_t bytes() const { return static_cast<std::size_t>(count_) * sizeof(float); }

    float *data_ = nullptr;
    std::int64_t count_;
};

} // namespace test
