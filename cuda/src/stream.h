/* What the handles of the boundary hold: a stream with its staging memory, a block of memory, a recording. */
#pragma once

#include "earshot_cuda.h"
#include "runtime.h"

struct earshot_cuda_stream {
  public:
    explicit earshot_cuda_stream(int on_device);
    ~earshot_cuda_stream();
    earshot_cuda_stream(const earshot_cuda_stream &) = delete;
    earshot_cuda_stream &operator=(const earshot_cuda_stream &) = delete;

    void stage(std::int64_t place, const float *values, std::int64_t count);
    void upload(std::int64_t place, std::int64_t count, float *target);
    void download(const float *source, std::int64_t count, std::int64_t place);
    void wait();
    void record_begin();
    cudaGraphExec_t record_end();

    const int device;
    cudaStream_t handle = nullptr;
    /* Pinned, so that copies run beside the host. */
    float *staging = nullptr;

  private:
    /* Values that lie in the staging memory as samples of 16 bits, from the beginning of the place that they have. */
    struct Narrowed {
        std::int64_t place;
        std::int64_t count;
    };

    void require_copy(std::int64_t place, std::int64_t count) const;
    void require_not_recording() const;
    void forget_narrowed(std::int64_t place, std::int64_t count);

    bool recording_ = false;
    std::vector<Narrowed> narrowed_;
};

struct earshot_cuda_memory {
  public:
    earshot_cuda_memory(std::int64_t floats, const earshot_cuda_stream &stream);
    ~earshot_cuda_memory();
    earshot_cuda_memory(const earshot_cuda_memory &) = delete;
    earshot_cuda_memory &operator=(const earshot_cuda_memory &) = delete;

    const int device;
    float *data = nullptr;
    std::int64_t floats;
};

struct earshot_cuda_graph {
  public:
    earshot_cuda_graph(cudaGraphExec_t prepared, int on_device) : handle(prepared), device(on_device) {}
    ~earshot_cuda_graph();
    earshot_cuda_graph(const earshot_cuda_graph &) = delete;
    earshot_cuda_graph &operator=(const earshot_cuda_graph &) = delete;

    cudaGraphExec_t handle;
    const int device;
};
