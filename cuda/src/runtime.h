/* The CUDA runtime with failures instead of return values, and owners for what it hands out. */
#pragma once

#include <string>
#include <vector>

#include "boundary.h"
#include "device.h"

namespace earshot {

/* More than boundary.h has: of devices. */
enum DeviceStatus : std::int32_t { STATUS_UNAVAILABLE = 5, STATUS_DEVICE_LOST = 6, STATUS_ABSENT = 7 };

/* Fails with the status that an error amounts to; `what` says what was being done. */
void check(cudaError_t error, const char *what);

/* What kernels are chosen by. */
struct Device {
    std::string name;
    int multiprocessors;
    int major;
    int minor;
    std::size_t shared_bytes; /* that a block may have */
    std::size_t memory_bytes;
    bool overlaps_launches; /* see begin_kernel() */
    bool has_warpgroups;    /* and the kernels are compiled for them: see warpgroup.h */

    /* mma.sync with TF32 and BF16 */
    bool has_tensor_cores() const { return major >= 8; }
};

/* Number of devices; fails with STATUS_ABSENT or STATUS_UNAVAILABLE and the reason where there is none to use. */
int device_count();

/* A device, from 0 on; fails where there is none of that number, or where it cannot run the kernels. */
const Device &device(int index);

/* The device that this thread's calls are for. */
const Device &device();

/* A device in words. */
std::string describe_device(int index);

/* Makes a device the one that this thread's calls are for, until the end of the scope. */
class OnDevice {
  public:
    explicit OnDevice(int index);
    ~OnDevice();
    OnDevice(const OnDevice &) = delete;
    OnDevice &operator=(const OnDevice &) = delete;

  private:
    int before_ = 0;
    bool changed_ = false;
};

/* Memory of the device; a failure says for what, how much was asked for, and how much there is. */
void *reserve(std::size_t bytes, const char *what);

/* Elements in the device's memory, made once from elements of the host's. */
template <class T>
class DeviceArray {
  public:
    DeviceArray() = default;
    explicit DeviceArray(const std::vector<T> &values) : count_(static_cast<std::int64_t>(values.size())) {
        if (count_ == 0) {
            return;
        }
        const std::size_t bytes = values.size() * sizeof(T);
        data_ = static_cast<T *>(reserve(bytes, "weights"));
        const cudaError_t copied = cudaMemcpy(data_, values.data(), bytes, cudaMemcpyHostToDevice);
        if (copied != cudaSuccess) {
            release();
            check(copied, "copying weights to the device");
        }
    }
    DeviceArray(DeviceArray &&other) noexcept : data_(other.data_), count_(other.count_) {
        other.data_ = nullptr;
        other.count_ = 0;
    }
    DeviceArray &operator=(DeviceArray &&other) noexcept {
        std::swap(data_, other.data_);
        std::swap(count_, other.count_);
        return *this;
    }
    ~DeviceArray() { release(); }

    /* No kernel writes it: it may be read before begin_kernel(). */
    Span<const T> span() const { return Span<const T>(data_, count_, true); }

  private:
    void release() noexcept {
        /* A lost device has lost this as well: nothing is to be done about a failure here. */
        static_cast<void>(cudaFree(data_));
        data_ = nullptr;
    }

    T *data_ = nullptr;
    std::int64_t count_ = 0;
};

/* Tensors from the host, one behind the other in the device's memory. */
inline DeviceArray<float> to_device(const float *values, std::int64_t count) {
    return DeviceArray<float>(std::vector<float>(values, values + count));
}

} // namespace earshot
