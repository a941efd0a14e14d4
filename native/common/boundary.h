/*
 * What the native libraries share behind their C boundaries: failures, checked sizes, and the layer as it comes in.
 * Compiled into each library; nothing of it is exported.
 */
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "earshot_layers.h"
#include "index.h"

namespace earshot {

/* What functions return; each library's header has the same numbers under names of its own. */
enum Status : std::int32_t {
    STATUS_OK = 0,
    STATUS_INVALID_ARGUMENT = 1,
    STATUS_OUT_OF_MEMORY = 2,
    STATUS_UNSUPPORTED = 3,
    STATUS_INTERNAL = 4,
};

/* Ends a call with a status; never leaves the library. */
struct Failure {
    std::int32_t status;
    std::string text;
};

[[noreturn]] void fail(const std::string &text);
void require(bool condition, const char *text);

/* The product of sizes; fails with STATUS_OUT_OF_MEMORY where it is beyond what memory could hold. */
Index size_product(std::initializer_list<std::int64_t> factors);
/* The sum of sizes, with the same check. */
Index size_sum(std::initializer_list<std::int64_t> terms);

Index round_up(Index n, Index multiple);

/* Runs `body`, turns what it throws into a status and a text. */
std::int32_t guarded(void (*body)(void *), void *context) noexcept;

template <class Body>
std::int32_t guarded(Body body) noexcept {
    return guarded([](void *context) { (*static_cast<Body *>(context))(); }, &body);
}

/* Why this thread's latest failed call failed; empty before the first. */
const char *last_error_text() noexcept;

/* Extents of input 0. */
struct Extents {
    Index batch, frames, bands;

    Index positions() const { return batch * frames * bands; }
};

/* Fails unless batch, frames and bands are 1 to INT32_MAX each. */
Extents extents_of(std::int64_t batch, std::int64_t frames, std::int64_t bands);
/* Fails unless the input is [B, I]. */
void require_vectors(const Extents &extents);

/* A layer as it comes over a boundary. */
struct Packing {
    const std::int32_t *numbers;
    std::int64_t number_count;
    const float *weights;
    std::int64_t weight_count;

    /* Fails where there are more or fewer numbers. */
    void require_numbers(std::int64_t expected) const;
};

/* Hands out weights in their order, after checking that the count is the expected one. */
class WeightReader {
  public:
    WeightReader(const Packing &packing, Index expected);
    const float *take(Index floats);

  private:
    const float *next_;
};

} // namespace earshot
