#include "memory.h"

#include <iterator>
#include <limits>
#include <new>
#include <string>

#include "grid.h"
#include "poison.h"
#include "sanitizer.h"

namespace earshot::emulation {

namespace {

constexpr std::size_t ALIGNMENT = 256;
constexpr std::size_t GUARD = 1024; // before and after; a multiple of ALIGNMENT

unsigned char *pointer_to(std::uintptr_t address) {
    return reinterpret_cast<unsigned char *>(address);
}

} // namespace

void *Heap::allocate(std::size_t bytes) {
    if (bytes > std::numeric_limits<std::size_t>::max() - 2 * GUARD) {
        return nullptr;
    }
    auto *const base =
        static_cast<unsigned char *>((::operator new)(bytes + 2 * GUARD, std::align_val_t{ALIGNMENT}, std::nothrow));
    if (base == nullptr) {
        return nullptr;
    }
    fill_with_poison(base, bytes + 2 * GUARD);
    sanitizer::forbid(base, GUARD);
    sanitizer::forbid(base + GUARD + bytes, GUARD);
    blocks_.emplace(reinterpret_cast<std::uintptr_t>(base + GUARD), bytes);
    allocated_ += bytes;
    return base + GUARD;
}

bool Heap::release(void *pointer) {
    const auto found = blocks_.find(reinterpret_cast<std::uintptr_t>(pointer));
    if (found == blocks_.end()) {
        return false;
    }
    check_guards(found->first, found->second);
    // Whoever still reads it sees poison, at least until the memory is used again.
    fill_with_poison(static_cast<unsigned char *>(pointer), found->second);
    destroy(found->first, found->second);
    allocated_ -= found->second;
    blocks_.erase(found);
    return true;
}

void Heap::clear() {
    for (const auto &[address, bytes] : blocks_) {
        destroy(address, bytes);
    }
    blocks_.clear();
    allocated_ = 0;
}

void Heap::destroy(std::uintptr_t address, std::size_t bytes) {
    sanitizer::allow(pointer_to(address - GUARD), bytes + 2 * GUARD);
    (::operator delete)(pointer_to(address - GUARD), std::align_val_t{ALIGNMENT});
}

bool Heap::contains(const void *pointer, std::size_t bytes) const {
    const auto address = reinterpret_cast<std::uintptr_t>(pointer);
    const auto after = blocks_.upper_bound(address);
    if (after == blocks_.begin()) {
        return false;
    }
    const auto &[begin, size] = *std::prev(after);
    return address - begin <= size && bytes <= size - (address - begin);
}

bool Heap::touches(const void *pointer, std::size_t bytes) const {
    const auto address = reinterpret_cast<std::uintptr_t>(pointer);
    const auto after = blocks_.upper_bound(address);
    if (after != blocks_.end() && after->first - address < bytes) {
        return true;
    }
    return after != blocks_.begin() && address - std::prev(after)->first < std::prev(after)->second;
}

void Heap::check_guards() const {
    for (const auto &[address, bytes] : blocks_) {
        check_guards(address, bytes);
    }
}

void Heap::check_guards(std::uintptr_t address, std::size_t bytes) const {
    const auto complain = [&](const std::string &where) {
        throw Fault(std::string(name_) + ": " + where + " an allocation of " + std::to_string(bytes) +
                    " bytes was written");
    };
    const std::size_t before = first_without_poison(pointer_to(address - GUARD), GUARD);
    if (before != GUARD) {
        complain(std::to_string(GUARD - before) + " bytes before");
    }
    const std::size_t after = first_without_poison(pointer_to(address + bytes), GUARD);
    if (after != GUARD) {
        complain("byte " + std::to_string(after) + " after");
    }
}

} // namespace earshot::emulation
