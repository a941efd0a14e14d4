/* What the emulation tells a sanitizer that it is built with; nothing otherwise. */
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define EARSHOT_UNCHECKED __attribute__((no_sanitize_address))
#else
#define EARSHOT_UNCHECKED
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace earshot::emulation::sanitizer {

/* Kernels that touch these bytes are stopped there and then. */
inline void forbid([[maybe_unused]] const void *address, [[maybe_unused]] std::size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
    __asan_poison_memory_region(address, bytes);
#endif
}

inline void allow([[maybe_unused]] const void *address, [[maybe_unused]] std::size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
    __asan_unpoison_memory_region(address, bytes);
#endif
}

} // namespace earshot::emulation::sanitizer
