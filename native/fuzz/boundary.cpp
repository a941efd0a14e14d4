/*
 * What any caller may hand over the boundary: an operation of a kind, numbers, weights and sizes that the fuzzer makes
 * up, prepared and run. Every array is as long as its count says; what comes back must be a status, and with a failure
 * a text. The sanitizers watch the rest.
 *
 * Input: kind, instruction set, precision, threads, floats of the second input, number of numbers (a byte each); batch,
 * frames and bands (a byte each, or, with 255, eight more); the numbers (a byte each, or, with 255, four more); then
 * what weights and inputs are made of, zeros behind it.
 */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string>
#include <vector>

#include "earshot_cpu.h"
#include "layer_kinds.h"

namespace {

/* Enough for a small layer of each kind; more only takes longer. */
constexpr std::int64_t MOST_FLOATS = 1 << 18;

/* Those there are, and some that there are not. */
constexpr int KINDS = static_cast<int>(std::size(earshot::ALL_LAYER_KINDS)) + 3;

class Bytes {
  public:
    Bytes(const std::uint8_t *data, std::size_t size) : data_(data), size_(size) {}

    int byte() { return at_ < size_ ? data_[at_++] : 0; }

    /* Small mostly; anything of this many bytes now and then. */
    std::int64_t number(int bytes) {
        const int small = byte();
        if (small < 255) {
            return small;
        }
        std::uint64_t all = 0;
        for (int i = 0; i < bytes; ++i) {
            all |= static_cast<std::uint64_t>(byte()) << (8 * i);
        }
        return bytes == 8 ? static_cast<std::int64_t>(all) : static_cast<std::int32_t>(all);
    }

    /* Around 0 mostly; any bits at all now and then. */
    std::vector<float> floats(std::int64_t count) {
        std::vector<float> values(static_cast<std::size_t>(count));
        for (float &value : values) {
            const int one = byte();
            value = static_cast<float>(static_cast<std::int8_t>(one)) / 64.0F;
            if (one == 255) {
                const auto bits = static_cast<std::uint32_t>(number(4));
                std::memcpy(&value, &bits, sizeof value);
            }
        }
        return values;
    }

  private:
    const std::uint8_t *data_;
    std::size_t size_;
    std::size_t at_ = 0;
};

/* How often an operation of each kind has run. */
std::int64_t runs[KINDS];

bool passed(earshot_cpu_status status) {
    if (status != EARSHOT_CPU_OK && *earshot_cpu_last_error() == '\0') {
        std::fputs("a failure without a text\n", stderr);
        std::abort();
    }
    if (status == EARSHOT_CPU_INTERNAL) {
        std::fprintf(stderr, "internal: %s\n", earshot_cpu_last_error());
        std::abort();
    }
    return status == EARSHOT_CPU_OK;
}

/* How many weights a layer wants is what its refusal of none says last. */
std::int64_t wanted() {
    const std::string text = earshot_cpu_last_error();
    const std::size_t at = text.rfind("expected ");
    return text.rfind("weights: ", 0) == 0 && at != std::string::npos ? std::atoll(text.c_str() + at + 9) : -1;
}

bool run(const earshot_cpu_op *op, Bytes &bytes, std::int32_t threads, int more, const std::int64_t (&shape)[3]) {
    std::int64_t output = 0;
    std::int64_t scratch = 0;
    if (!passed(earshot_cpu_op_output(op, shape[0], shape[1], shape[2], &output)) ||
        !passed(earshot_cpu_op_scratch(op, shape[0], shape[1], shape[2], threads, &scratch)) || output > MOST_FLOATS ||
        scratch > 16 * MOST_FLOATS) {
        return false;
    }
    earshot_cpu_team *team = nullptr;
    if (!passed(earshot_cpu_team_create(threads, &team))) {
        return false;
    }
    /* Inputs of a plausible length; a wrong one is refused. */
    std::vector<float> first = bytes.floats(4096);
    std::vector<float> second = bytes.floats(more);
    std::vector<float> result(static_cast<std::size_t>(output));
    std::vector<float> work(static_cast<std::size_t>(scratch));
    const bool ran =
        passed(earshot_cpu_op_run(op, team, first.data(), static_cast<std::int64_t>(first.size()),
                                  second.empty() ? nullptr : second.data(), static_cast<std::int64_t>(second.size()),
                                  result.data(), output, work.data(), scratch, shape[0], shape[1], shape[2]));
    earshot_cpu_team_destroy(team);
    return ran;
}

} // namespace

extern "C" std::int64_t earshot_fuzz_runs(int kind) {
    return runs[kind];
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    Bytes bytes(data, size);
    const std::int32_t kind = bytes.byte() % KINDS;
    const std::int32_t isa = bytes.byte() % 5 - 1;
    const std::int32_t precision = bytes.byte() % 4;
    const std::int32_t threads = bytes.byte() % 4;
    const int second = bytes.byte();
    const int count = bytes.byte() % 48;
    std::int64_t shape[3];
    for (std::int64_t &extent : shape) {
        extent = bytes.number(8);
    }
    std::vector<std::int32_t> numbers;
    for (int i = 0; i < count; ++i) {
        numbers.push_back(static_cast<std::int32_t>(bytes.number(4)));
    }
    earshot_cpu_op *op = nullptr;
    std::vector<float> weights;
    const float none = 0;
    bool made = passed(earshot_cpu_op_create(kind, numbers.data(), count, &none, 0, isa, precision, &op));
    const std::int64_t more = made ? 0 : wanted();
    if (more > 0 && more <= MOST_FLOATS) {
        weights = bytes.floats(more);
        made = passed(earshot_cpu_op_create(kind, numbers.data(), count, weights.data(), more, isa, precision, &op));
    }
    if (made) {
        runs[kind] += run(op, bytes, threads, second, shape) ? 1 : 0;
        earshot_cpu_op_destroy(op);
    }
    return 0;
}
