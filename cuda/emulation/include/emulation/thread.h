/* What a device function knows of its own thread, and how the threads of a block wait for each other. */
#pragma once

#include "vector_types.h"

/* Set whenever a thread is resumed: device functions may read them, nothing else has a use for them. */
extern uint3 threadIdx;
extern uint3 blockIdx;
extern dim3 blockDim;
extern dim3 gridDim;
constexpr int warpSize = 32;

namespace earshot::emulation {

/* A place in the source. Default arguments that name this type's members are evaluated where a function is called,
   so that a fault can say at which barrier a thread stands. */
struct Site {
    const char *file;
    int line;
};

enum class BarrierKind { PLAIN, ANY, ALL, COUNT };

/* Waits for all threads of the block; returns the reduced predicate. */
int block_barrier(BarrierKind kind, int predicate, Site site);

/* A barrier of its own for `threads` threads of the block, whole warps; numbers 1 to 15. */
void part_barrier(int number, int threads, const char *file = __builtin_FILE(), int line = __builtin_LINE());

/* Waits until another thread calls wake_waiting with the same place; for barriers that a kernel has in memory. */
void wait_at(const char *name, const void *place, const char *file = __builtin_FILE(), int line = __builtin_LINE());
void wake_waiting(const void *place);

} // namespace earshot::emulation

inline void __syncthreads(const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
    using namespace earshot::emulation;
    block_barrier(BarrierKind::PLAIN, 0, Site{file, line});
}

inline int __syncthreads_or(int predicate, const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
    using namespace earshot::emulation;
    return block_barrier(BarrierKind::ANY, predicate, Site{file, line});
}

inline int __syncthreads_and(int predicate, const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
    using namespace earshot::emulation;
    return block_barrier(BarrierKind::ALL, predicate, Site{file, line});
}

inline int __syncthreads_count(int predicate, const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
    using namespace earshot::emulation;
    return block_barrier(BarrierKind::COUNT, predicate, Site{file, line});
}

/* Threads of a block run in one thread of the operating system and blocks one after the other: every write is seen. */
inline void __threadfence() {}
inline void __threadfence_block() {}
inline void __threadfence_system() {}
