/* The functions of the boundary that hold for every operation: team, create, sizes, run, destroy. */
#include "cpu_operation.h"
#include "instruction_sets.h"

using earshot::Extents;
using earshot::fail;
using earshot::guarded;
using earshot::Index;
using earshot::require;

namespace {

constexpr int32_t MOST_THREADS = 8192; /* as many as Linux has processors at most */

static_assert(earshot::STATUS_OK == EARSHOT_CPU_OK &&
                  earshot::STATUS_INVALID_ARGUMENT == EARSHOT_CPU_INVALID_ARGUMENT &&
                  earshot::STATUS_OUT_OF_MEMORY == EARSHOT_CPU_OUT_OF_MEMORY &&
                  earshot::STATUS_UNSUPPORTED == EARSHOT_CPU_UNSUPPORTED &&
                  earshot::STATUS_INTERNAL == EARSHOT_CPU_INTERNAL,
              "a status has one number in both headers");

Extents extents_of(const earshot_cpu_op *op, int64_t batch, int64_t frames, int64_t bands) {
    require(op != nullptr, "operation: null");
    const Extents extents = earshot::extents_of(batch, frames, bands);
    op->check(extents);
    return extents;
}

void require_floats(const char *name, const float *values, int64_t count, Index needed) {
    if (needed > 0 && values == nullptr) {
        fail(std::string(name) + ": null");
    }
    if (count < needed) {
        fail(std::string(name) + ": " + std::to_string(count) + " floats; expected at least " + std::to_string(needed));
    }
    if (reinterpret_cast<uintptr_t>(values) % alignof(float) != 0) {
        fail(std::string(name) + ": not aligned to a float");
    }
}

void require_apart(const float *a, Index a_count, const float *b, Index b_count, const char *text) {
    const uintptr_t a_start = reinterpret_cast<uintptr_t>(a);
    const uintptr_t b_start = reinterpret_cast<uintptr_t>(b);
    const uintptr_t a_bytes = static_cast<uintptr_t>(a_count) * sizeof(float);
    const uintptr_t b_bytes = static_cast<uintptr_t>(b_count) * sizeof(float);
    require(a_count == 0 || b_count == 0 ||
                (a_start < b_start ? b_start - a_start >= a_bytes : a_start - b_start >= b_bytes),
            text);
}

/* Leaves the team when a run ends, in whichever way. */
class Turn {
  public:
    explicit Turn(earshot::Team &team) : team_(team) { require(team.enter(), "team: another run is using it"); }
    ~Turn() { team_.leave(); }
    Turn(const Turn &) = delete;
    Turn &operator=(const Turn &) = delete;

  private:
    earshot::Team &team_;
};

std::unique_ptr<earshot_cpu_op> make(int32_t kind, const earshot::CpuPacking &packing) {
    switch (kind) {
#define EARSHOT_CASE(constant, name)                                                                                   \
    case EARSHOT_LAYER_##constant:                                                                                     \
        return earshot::make_##name(packing);
        EARSHOT_LAYER_KINDS(EARSHOT_CASE)
#undef EARSHOT_CASE
    default:
        fail("kind: " + std::to_string(kind) + "; expected one of EARSHOT_LAYER_*");
    }
}

} // namespace

extern "C" {

int32_t earshot_cpu_abi(void) {
    return EARSHOT_CPU_ABI;
}

const char *earshot_cpu_last_error(void) {
    return earshot::last_error_text();
}

earshot_cpu_status earshot_cpu_team_create(int32_t threads, earshot_cpu_team **team) {
    return guarded([&] {
        require(team != nullptr, "team: null");
        *team = nullptr;
        if (threads < 1 || threads > MOST_THREADS) {
            fail("threads: " + std::to_string(threads) + "; expected 1 to " + std::to_string(MOST_THREADS));
        }
        *team = new earshot_cpu_team(threads);
    });
}

void earshot_cpu_team_destroy(earshot_cpu_team *team) {
    delete team;
}

earshot_cpu_status earshot_cpu_op_create(int32_t kind, const int32_t *numbers, int64_t number_count,
                                         const float *weights, int64_t weight_count, int32_t isa, int32_t precision,
                                         earshot_cpu_op **op) {
    return guarded([&] {
        require(op != nullptr, "operation: null");
        *op = nullptr;
        *op = make(kind, {{numbers, number_count, weights, weight_count}, isa, precision, earshot::adds_aside()})
                  .release();
    });
}

int32_t earshot_cpu_op_isa(const earshot_cpu_op *op) {
    return op == nullptr ? -1 : earshot::isa_of(op->kernels);
}

earshot_cpu_status earshot_cpu_op_scratch(const earshot_cpu_op *op, int64_t batch, int64_t frames, int64_t bands,
                                          int32_t threads, int64_t *floats) {
    return guarded([&] {
        require(floats != nullptr, "floats: null");
        if (threads < 1 || threads > MOST_THREADS) {
            fail("threads: " + std::to_string(threads) + "; expected 1 to " + std::to_string(MOST_THREADS));
        }
        const Extents extents = extents_of(op, batch, frames, bands);
        *floats = op->scratch_floats(extents, threads);
    });
}

earshot_cpu_status earshot_cpu_op_output(const earshot_cpu_op *op, int64_t batch, int64_t frames, int64_t bands,
                                         int64_t *floats) {
    return guarded([&] {
        require(floats != nullptr, "floats: null");
        const Extents extents = extents_of(op, batch, frames, bands);
        *floats = op->output_floats(extents);
    });
}

earshot_cpu_status earshot_cpu_op_run(const earshot_cpu_op *op, earshot_cpu_team *team, const float *input0,
                                      int64_t input0_count, const float *input1, int64_t input1_count, float *output,
                                      int64_t output_count, float *scratch, int64_t scratch_count, int64_t batch,
                                      int64_t frames, int64_t bands) {
    return guarded([&] {
        const Extents extents = extents_of(op, batch, frames, bands);
        require(team != nullptr, "team: null");
        const Turn turn(team->team);
        const Index in0 = op->input0_floats(extents);
        const Index in1 = op->input1_floats(extents);
        const Index out = op->output_floats(extents);
        const Index work = op->scratch_floats(extents, team->team.threads());
        require_floats("input 0", input0, input0_count, in0);
        require_floats("input 1", input1, input1_count, in1);
        require_floats("output", output, output_count, out);
        require_floats("scratch", scratch, scratch_count, work);
        require_apart(output, out, input0, in0, "output: overlaps input 0");
        require_apart(output, out, input1, in1, "output: overlaps input 1");
        require_apart(scratch, work, input0, in0, "scratch: overlaps input 0");
        require_apart(scratch, work, input1, in1, "scratch: overlaps input 1");
        require_apart(scratch, work, output, out, "scratch: overlaps the output");
        op->run({extents, input0, input1, output, scratch}, team->team);
    });
}

void earshot_cpu_op_destroy(earshot_cpu_op *op) {
    delete op;
}
}
