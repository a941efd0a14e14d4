#include "internal.h"

#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>

namespace earshot {

namespace {

/* Far beyond any memory, and small enough that counts of bytes fit as well. */
constexpr std::int64_t kMostFloats = std::int64_t{1} << 48;

thread_local char last_error[512] = "";

void remember(const char *text) {
    std::strncpy(last_error, text, sizeof last_error - 1);
    last_error[sizeof last_error - 1] = '\0';
}

} // namespace

void fail(const std::string &text) {
    throw Failure{EARSHOT_CPU_INVALID_ARGUMENT, text};
}

void require(bool condition, const char *text) {
    if (!condition) {
        fail(text);
    }
}

Index size_product(std::initializer_list<std::int64_t> factors) {
    std::int64_t product = 1;
    for (const std::int64_t factor : factors) {
        if (factor < 0 || __builtin_mul_overflow(product, factor, &product) || product > kMostFloats) {
            fail("sizes: their product is beyond what memory can hold");
        }
    }
    return product;
}

Index size_sum(std::initializer_list<std::int64_t> terms) {
    std::int64_t total = 0;
    for (const std::int64_t term : terms) {
        if (term < 0 || __builtin_add_overflow(total, term, &total) || total > kMostFloats) {
            fail("sizes: their sum is beyond what memory can hold");
        }
    }
    return total;
}

earshot_cpu_status guarded(void (*body)(void *), void *context) noexcept {
    try {
        body(context);
        return EARSHOT_CPU_OK;
    } catch (const Failure &failure) {
        remember(failure.text.c_str());
        return failure.status;
    } catch (const std::bad_alloc &) {
        remember("out of memory");
        return EARSHOT_CPU_OUT_OF_MEMORY;
    } catch (const std::exception &exception) {
        remember(exception.what());
        return EARSHOT_CPU_INTERNAL;
    }
}

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

void Packing::require_numbers(std::int64_t expected) const {
    if (number_count != expected) {
        fail("numbers: " + std::to_string(number_count) + "; expected " + std::to_string(expected));
    }
    require(numbers != nullptr || expected == 0, "numbers: null");
}

const Kernels &Packing::kernels() const {
    return kernels_for(isa, precision);
}

const Kernels &Packing::float32_kernels() const {
    require_precision(precision);
    return kernels_for(isa, EARSHOT_PRECISION_FLOAT32);
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

Carver::Carver(float *base) {
    const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(base);
    base_ = base == nullptr ? nullptr : base + (64 - address % 64) % 64 / sizeof(float);
}

float *Carver::take(Index floats) {
    float *taken = base_ == nullptr ? nullptr : base_ + used_;
    used_ = size_sum({used_, round_up(floats, 16)});
    return taken;
}

Index Carver::floats() const {
    return used_ == 0 ? 0 : used_ + 16;
}

Index round_up(Index n, Index multiple) {
    return (n + multiple - 1) / multiple * multiple;
}

namespace {

std::uint32_t bf16(float x) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &x, sizeof bits);
    if (x != x) {
        return bits >> 16U | 0x40U; /* quiet: its payload may lie in the half that goes */
    }
    return (bits + 0x7FFFU + (bits >> 16U & 1U)) >> 16U;
}

} // namespace

float bf16_pair(float low, float high) {
    const std::uint32_t bits = bf16(high) << 16U | bf16(low);
    float pair = 0;
    std::memcpy(&pair, &bits, sizeof pair);
    return pair;
}

Index packed_floats(const Kernels &kernels, Index groups, Index depth, Index columns_padded) {
    return size_product({groups, kernels.pairs ? (depth + 1) / 2 : depth, columns_padded});
}

} // namespace earshot

earshot::Index earshot_cpu_op::input1_floats(const earshot::Extents &) const {
    return 0;
}

earshot::Index earshot_cpu_op::scratch_floats(const earshot::Extents &, int) const {
    return 0;
}

extern "C" const char *earshot_cpu_last_error(void) {
    return earshot::last_error;
}
