#include "boundary.h"

#include <cstring>
#include <exception>
#include <new>

namespace earshot {

namespace {

/* Far beyond any memory, and small enough that counts of bytes fit as well. */
constexpr std::int64_t MOST_FLOATS = std::int64_t{1} << 48;

thread_local char last_error[512] = "";

void remember(const char *text) {
    std::strncpy(last_error, text, sizeof last_error - 1);
    last_error[sizeof last_error - 1] = '\0';
}

} // namespace

const char *last_error_text() noexcept {
    return last_error;
}

void fail(const std::string &text) {
    throw Failure{STATUS_INVALID_ARGUMENT, text};
}

void require(bool condition, const char *text) {
    if (!condition) {
        fail(text);
    }
}

Index size_product(std::initializer_list<std::int64_t> factors) {
    std::int64_t product = 1;
    for (const std::int64_t factor : factors) {
        require(factor >= 0, "sizes: expected at least 0 each");
        if (__builtin_mul_overflow(product, factor, &product) || product > MOST_FLOATS) {
            throw Failure{STATUS_OUT_OF_MEMORY, "sizes whose product is beyond what memory can hold"};
        }
    }
    return product;
}

Index size_sum(std::initializer_list<std::int64_t> terms) {
    std::int64_t total = 0;
    for (const std::int64_t term : terms) {
        require(term >= 0, "sizes: expected at least 0 each");
        if (__builtin_add_overflow(total, term, &total) || total > MOST_FLOATS) {
            throw Failure{STATUS_OUT_OF_MEMORY, "sizes whose sum is beyond what memory can hold"};
        }
    }
    return total;
}

std::int32_t guarded(void (*body)(void *), void *context) noexcept {
    try {
        body(context);
        return STATUS_OK;
    } catch (const Failure &failure) {
        remember(failure.text.c_str());
        return failure.status;
    } catch (const std::bad_alloc &) {
        remember("out of memory");
        return STATUS_OUT_OF_MEMORY;
    } catch (const std::exception &exception) {
        remember(exception.what());
        return STATUS_INTERNAL;
    }
}

void Packing::require_numbers(std::int64_t expected) const {
    if (number_count != expected) {
        fail("numbers: " + std::to_string(number_count) + "; expected " + std::to_string(expected));
    }
    require(numbers != nullptr || expected == 0, "numbers: null");
}

WeightReader::WeightReader(const Packing &packing, Index expected) : next_(packing.weights) {
    require(packing.weights != nullptr || expected == 0, "weights: null");
    if (packing.weight_count != expected) {
        fail("weights: " + std::to_string(packing.weight_count) + " floats; expected " + std::to_string(expected));
    }
}

const float *WeightReader::take(Index floats) {
    const float *taken = next_;
    next_ += floats;
    return taken;
}

Index round_up(Index n, Index multiple) {
    return (n + multiple - 1) / multiple * multiple;
}

Extents extents_of(std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    constexpr std::int64_t MOST = INT32_MAX;
    if (batch < 1 || frames < 1 || bands < 1 || batch > MOST || frames > MOST || bands > MOST) {
        fail("shape: batch " + std::to_string(batch) + ", frames " + std::to_string(frames) + ", bands " +
             std::to_string(bands) + "; expected 1 to " + std::to_string(MOST) + " each");
    }
    return {batch, frames, bands};
}

void require_vectors(const Extents &extents) {
    require(extents.frames == 1 && extents.bands == 1, "shape: expected frames and bands 1 for an input [B, I]");
}

} // namespace earshot
