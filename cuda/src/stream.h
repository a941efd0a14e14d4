/* What the handles of the boundary hold: a stream with its staging memory, a block of memory, a recording. */
#pragma once

#include "earshot_cuda.h"
#include "runtime.h"

struct earshot_cuda_stream {
  public:
    earshot_cuda_stream();
    ~earshot_cuda_stream();
    earshot_cuda_stream(const earshot_cuda_stream &) = delete;
    earshot_cuda_stream &operator=(const earshot_cuda_stream &) = delete;

    void write(const float *source, std::int64_t count, float *target);
    void read(const float *source, float *target, std::int64_t count);
    void wait();
    void record_begin();
    cudaGraphExec_t record_end();

    cudaStream_t handle = nullptr;

  private:
    /* `count` floats of staging memory that no copy under way is using. */
    float *stage(std::int64_t count);
    void require_not_recording() const;

    /* Pinned, so that copies run beside the host; grows to what is needed between two waits. */
    float *staging_ = nullptr;
    std::int64_t staging_floats_ = 0;
    std::int64_t staged_ = 0;
    bool recording_ = false;
};

struct earshot_cuda_memory {
  public:
    earshot_cuda_memory(std::int64_t floats, cudaStream_t stream);
    ~earshot_cuda_memory();
    earshot_cuda_memory(const earshot_cuda_memory &) = delete;
    earshot_cuda_memory &operator=(const earshot_cuda_memory &) = delete;

    float *data = nullptr;
    std::int64_t floats;
};

struct earshot_cuda_graph {
  public:
    explicit earshot_cuda_graph(cudaGraphExec_t prepared) : handle(prepared) {}
    ~earshot_cuda_graph();
    earshot_cuda_graph(const earshot_cuda_graph &) = delete;
    earshot_cuda_graph &operator=(const earshot_cuda_graph &) = delete;

    cudaGraphExec_t handle;
};
