#include "arena.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "boundary.h"

namespace earshot {

void Arena::Free::operator()(float *p) const noexcept {
    std::free(p);
}

float *Arena::zeros(Index floats) {
    const std::size_t bytes = static_cast<std::size_t>(round_up(floats == 0 ? 1 : floats, 16)) * sizeof(float);
    std::unique_ptr<float, Free> block(static_cast<float *>(std::aligned_alloc(64, bytes)));
    if (!block) {
        throw std::bad_alloc();
    }
    std::memset(block.get(), 0, bytes);
    blocks_.push_back(std::move(block));
    return blocks_.back().get();
}

} // namespace earshot
