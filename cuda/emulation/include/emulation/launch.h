/* Starting a kernel. */
#pragma once

#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "runtime_api.h"
#include "vector_types.h"

namespace earshot::emulation {

struct KernelLaunch {
    const char *name;
    const void *kernel; // which function, for the attributes set on it
    std::function<void()> body;
    dim3 grid, block;
    std::size_t shared_bytes;
    bool dependent; // may start before the launch in front of it has ended, so that its threads have to wait for that
};

cudaError_t launch_kernel(KernelLaunch launch, cudaStream_t stream);

/* Runs `kernel` for every thread of the grid; on a capturing stream, records that. Arguments are copied now. */
template <class... P, class... A>
cudaError_t launch(bool dependent, const char *name, void (*kernel)(P...), dim3 grid, dim3 block,
                   std::size_t shared_bytes, cudaStream_t stream, A &&...arguments) {
    static_assert((std::is_trivially_copyable_v<P> && ...), "parameters reach the device as bytes");
    static_assert((sizeof(P) + ... + 0) <= 4096, "the device takes at most 4 KB of parameters");
    std::tuple<P...> parameters(std::forward<A>(arguments)...);
    return launch_kernel({name, reinterpret_cast<const void *>(kernel),
                          [kernel, parameters] { std::apply(kernel, parameters); }, grid, block, shared_bytes,
                          dependent},
                         stream);
}
template <class... P, class... A>
cudaError_t launch(const char *name, void (*kernel)(P...), dim3 grid, dim3 block, std::size_t shared_bytes,
                   cudaStream_t stream, A &&...arguments) {
    return launch(false, name, kernel, grid, block, shared_bytes, stream, std::forward<A>(arguments)...);
}

/* As with programmatic stream serialization: every thread of the kernel calls wait_for_dependencies() before it touches
   global memory. The launch fails where one does not. */
template <class... P, class... A>
cudaError_t launch_dependent(const char *name, void (*kernel)(P...), dim3 grid, dim3 block, std::size_t shared_bytes,
                             cudaStream_t stream, A &&...arguments) {
    return launch(true, name, kernel, grid, block, shared_bytes, stream, std::forward<A>(arguments)...);
}

} // namespace earshot::emulation
