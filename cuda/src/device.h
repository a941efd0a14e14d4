/*
 * What every kernel is written with: checked views of memory, dynamic shared memory, and the launch.
 *
 * nvcc compiles the kernels for a device; g++ compiles the very same sources against ../emulation, where they run on
 * the CPU with every index checked (EARSHOT_EMULATION). On a device a view is a bare pointer.
 */
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#ifdef EARSHOT_EMULATION
#include <string>
#endif

#if defined(__CUDACC__) && !defined(EARSHOT_EMULATION)
extern __shared__ __align__(16) unsigned char earshot_shared_memory[];
#endif

namespace earshot {

/* N 4-byte elements of one aligned transaction. */
template <class T, int N>
struct alignas(sizeof(T) * N) Vector {
    static_assert(sizeof(T) == 4, "only 4-byte elements are moved together");
    T v[N];
};
using Float2 = Vector<float, 2>;
using Float4 = Vector<float, 4>;

#ifdef EARSHOT_EMULATION
namespace emulation {
inline void check_range(const char *what, std::int64_t index, std::int64_t count, std::int64_t limit) {
    if (index < 0 || count > limit - index) {
        fault(std::string(what) + ": elements " + std::to_string(index) + " to " + std::to_string(index + count - 1) +
              " of " + std::to_string(limit));
    }
}
inline void check_alignment(const char *what, const void *pointer, std::size_t bytes) {
    if (reinterpret_cast<std::uintptr_t>(pointer) % bytes != 0) {
        fault(std::string(what) + ": " + std::to_string(bytes) + " bytes at once at a misaligned address");
    }
}
} // namespace emulation
#endif

/*
 * A view of `count` elements in the device's memory; `constant`: no kernel ever writes them, and they were there before
 * the first was enqueued (see begin_kernel). Both are known, and checked, in emulation only.
 */
template <class T>
class Span {
    using Value = std::remove_const_t<T>;

  public:
    Span() = default;

    __host__ __device__ T *data() const { return data_; }
    __host__ __device__ bool empty() const { return data_ == nullptr; }

    /* load and store, below, of four. */
    __device__ __forceinline__ Vector<Value, 4> load4(std::int64_t index) const { return load<4>(index); }
    __device__ __forceinline__ void store4(std::int64_t index, const Vector<Value, 4> &value) const {
        store<4>(index, value);
    }

#ifdef EARSHOT_EMULATION
    __host__ __device__ Span(T *data, std::int64_t count, bool constant = false)
        : data_(data), count_(count), constant_(constant) {}
    template <class U>
    __host__ __device__ Span(const Span<U> &other)
        : data_(other.data()), count_(other.count()), constant_(other.constant()) {}
    /* A device's view has neither. */
    __host__ __device__ std::int64_t count() const {
        return count_;
    }
    __host__ __device__ bool constant() const {
        return constant_;
    }
#else
    __host__ __device__ Span(T *data, std::int64_t, bool = false) : data_(data) {}
    template <class U>
    __host__ __device__ Span(const Span<U> &other) : data_(other.data()) {}
#endif

    __device__ __forceinline__ T &operator[](std::int64_t index) const {
        check(index, 1);
        return data_[index];
    }

    /* Elements index to index + N - 1 at once; the address must be a multiple of their size. */
    template <int N>
    __device__ __forceinline__ Vector<Value, N> load(std::int64_t index) const {
        check_vector<N>(index);
        return *reinterpret_cast<const Vector<Value, N> *>(data_ + index);
    }
    template <int N>
    __device__ __forceinline__ void store(std::int64_t index, const Vector<Value, N> &value) const {
        check_vector<N>(index);
        *reinterpret_cast<Vector<Value, N> *>(data_ + index) = value;
    }

    /* From `offset` on, `count` elements. */
    __host__ __device__ Span part(std::int64_t offset, std::int64_t count) const {
#ifdef EARSHOT_EMULATION
        emulation::check_range("part of global memory", offset, count, count_);
#endif
        return Span(data_ + offset, count);
    }

  private:
    __device__ __forceinline__ void check([[maybe_unused]] std::int64_t index,
                                          [[maybe_unused]] std::int64_t count) const {
#ifdef EARSHOT_EMULATION
        if (!constant_) {
            emulation::require_dependencies();
        }
        emulation::check_range("global memory", index, count, count_);
        if (emulation::foreign_memory) {
            emulation::require_own_memory(data_ + index);
        }
#endif
    }
    template <int N>
    __device__ __forceinline__ void check_vector([[maybe_unused]] std::int64_t index) const {
#ifdef EARSHOT_EMULATION
        check(index, N);
        emulation::check_alignment("global memory", data_ + index, N * sizeof(T));
#endif
    }

    T *data_ = nullptr;
#ifdef EARSHOT_EMULATION
    std::int64_t count_ = 0;
    bool constant_ = false;
#endif
};

/*
 * `count` elements of the block's dynamic shared memory, from byte `offset` (a multiple of 16) on. There is no other
 * shared memory: emulation poisons it before each block and checks each index against the count.
 */
template <class T>
class Shared {
    using Value = T;

  public:
    /* load and store, below, of four. */
    __device__ __forceinline__ Vector<Value, 4> load4(int index) const { return load<4>(index); }
    __device__ __forceinline__ void store4(int index, const Vector<Value, 4> &value) const { store<4>(index, value); }

    __device__ __forceinline__ Shared(int offset, [[maybe_unused]] int count) {
#ifdef EARSHOT_EMULATION
        const emulation::SharedBlock block = emulation::shared();
        emulation::check_range("shared memory (bytes)", offset, static_cast<std::int64_t>(count) * sizeof(T),
                               static_cast<std::int64_t>(block.bytes));
        data_ = reinterpret_cast<T *>(block.data + offset);
        count_ = count;
#else
        data_ = reinterpret_cast<T *>(earshot_shared_memory + offset);
#endif
    }

    __device__ __forceinline__ T &operator[](int index) const {
        check(index, 1);
        return data_[index];
    }
    /* Elements index to index + N - 1 at once; the address must be a multiple of their size. */
    template <int N>
    __device__ __forceinline__ Vector<Value, N> load(int index) const {
        check_vector<N>(index);
        return *reinterpret_cast<const Vector<Value, N> *>(data_ + index);
    }
    template <int N>
    __device__ __forceinline__ void store(int index, const Vector<Value, N> &value) const {
        check_vector<N>(index);
        *reinterpret_cast<Vector<Value, N> *>(data_ + index) = value;
    }

  private:
    __device__ __forceinline__ void check([[maybe_unused]] int index, [[maybe_unused]] int count) const {
#ifdef EARSHOT_EMULATION
        emulation::check_range("shared memory", index, count, count_);
#endif
    }
    template <int N>
    __device__ __forceinline__ void check_vector([[maybe_unused]] int index) const {
#ifdef EARSHOT_EMULATION
        check(index, N);
        emulation::check_alignment("shared memory", data_ + index, N * sizeof(T));
#endif
    }

    T *data_;
#ifdef EARSHOT_EMULATION
    std::int64_t count_;
#endif
};

/*
 * The first statement of every kernel: waits until all that was enqueued before has ended and can be read, then lets
 * the next kernel's blocks come, which wait here in their turn. So a kernel is started while the one in front of it
 * runs, and no more than one waits at a time. Before it a kernel may touch nothing but its parameters, shared
 * memory, and what is constant: the weights of DeviceArray.
 */
__device__ __forceinline__ void begin_kernel() {
#ifdef EARSHOT_EMULATION
    emulation::wait_for_dependencies();
#elif defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

/* Whether the device can start a kernel before the one in front of it has ended: compute capability 9.0 and later. */
bool overlaps_launches();
/* Forbids it, or allows it again, to measure what it is worth. */
void allow_overlapping_launches(bool allowed);

/* Whether operations that are made now may use warpgroup.h; and forbids it, or allows it again, to test and to measure
   the kernels for other devices. */
bool uses_warpgroups();
void allow_warpgroups(bool allowed);

/* Enqueues a kernel. Shared memory beyond 48 KB must have been allowed before (allow_shared). */
template <class... P, class... A>
cudaError_t launch([[maybe_unused]] const char *name, void (*kernel)(P...), dim3 grid, dim3 block,
                   std::size_t shared_bytes, cudaStream_t stream, A &&...arguments) {
#ifdef EARSHOT_EMULATION
    return emulation::launch_dependent(name, kernel, grid, block, shared_bytes, stream, std::forward<A>(arguments)...);
#else
    cudaLaunchAttribute overlap = {};
    overlap.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    overlap.val.programmaticStreamSerializationAllowed = 1;
    cudaLaunchConfig_t configuration = {};
    configuration.gridDim = grid;
    configuration.blockDim = block;
    configuration.dynamicSmemBytes = shared_bytes;
    configuration.stream = stream;
    configuration.attrs = &overlap;
    configuration.numAttrs = overlaps_launches() ? 1 : 0;
    return cudaLaunchKernelEx(&configuration, kernel, std::forward<A>(arguments)...);
#endif
}

/* Lets a kernel have that much dynamic shared memory: beyond 48 KB a device wants to be asked. */
template <class... P>
cudaError_t allow_shared(void (*kernel)(P...), std::size_t bytes) {
    constexpr std::size_t ALWAYS_ALLOWED = 48 * 1024;
    return bytes <= ALWAYS_ALLOWED
               ? cudaSuccess
               : cudaFuncSetAttribute(reinterpret_cast<const void *>(kernel),
                                      cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes));
}

inline std::int64_t divide_up(std::int64_t a, std::int64_t b) {
    return (a + b - 1) / b;
}

} // namespace earshot
