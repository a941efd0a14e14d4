/* Allocations with guard zones. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

namespace earshot::emulation {

class Heap {
  public:
    explicit Heap(const char *name) : name_(name) {}
    ~Heap() { clear(); }
    Heap(const Heap &) = delete;
    Heap &operator=(const Heap &) = delete;

    /* Memory at a multiple of 256 bytes, filled with poison; null if the system has none. */
    void *allocate(std::size_t bytes);
    /* False if nothing begins at `pointer`. Throws a Fault if a guard zone was written to. */
    bool release(void *pointer);
    void clear();

    /* Whether the bytes are all within one allocation, and whether any of them is within one. */
    bool contains(const void *pointer, std::size_t bytes) const;
    bool touches(const void *pointer, std::size_t bytes) const;
    std::size_t allocated() const { return allocated_; }
    void check_guards() const;

  private:
    using Blocks = std::map<std::uintptr_t, std::size_t>; // address to size

    void check_guards(std::uintptr_t address, std::size_t bytes) const;
    static void destroy(std::uintptr_t address, std::size_t bytes);

    const char *name_;
    Blocks blocks_;
    std::size_t allocated_ = 0;
};

} // namespace earshot::emulation
