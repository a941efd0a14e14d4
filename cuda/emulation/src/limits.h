/* The sizes of an emulated device: those of compute capability 9.0, but for the memory and the processors. */
#pragma once

#include <cstddef>

namespace earshot::emulation::limits {

constexpr int DEVICES = 2;
constexpr unsigned THREADS_PER_BLOCK = 1024;
constexpr unsigned BLOCK_DEPTH = 64;
constexpr unsigned GRID_WIDTH = 0x7FFFFFFF;
constexpr unsigned GRID_HEIGHT = 65535;
constexpr int THREADS_PER_PROCESSOR = 2048;
constexpr int BLOCKS_PER_PROCESSOR = 32;
constexpr int REGISTERS = 65536;
constexpr int PROCESSORS = 4;
constexpr std::size_t SHARED = std::size_t{48} << 10U;
constexpr std::size_t SHARED_AT_REQUEST = std::size_t{227} << 10U;
constexpr std::size_t SHARED_RESERVED = std::size_t{1} << 10U;
constexpr std::size_t SHARED_PER_PROCESSOR = std::size_t{228} << 10U;
constexpr int L2_CACHE = 4 << 20;
constexpr std::size_t MEMORY = std::size_t{2} << 30U;

} // namespace earshot::emulation::limits
