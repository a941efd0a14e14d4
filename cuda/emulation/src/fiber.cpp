#include "fiber.h"

#include <cstdint>
#include <cstdlib>
#include <new>

#include <sys/mman.h>
#include <unistd.h>

#include "sanitizer.h"

/* Pushes the registers that a called function must preserve, stores the stack pointer in *leave, and does the reverse
   from `enter`. All that happens here is what a compiler believes to happen in any call. */
extern "C" __attribute__((visibility("hidden"))) void earshot_emulation_switch(void **leave, void *enter);

#if defined(__x86_64__)
asm(R"(
    .text
    .hidden earshot_emulation_switch
    .globl earshot_emulation_switch
    .type earshot_emulation_switch, @function
earshot_emulation_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size earshot_emulation_switch, .-earshot_emulation_switch
)");
#elif defined(__aarch64__)
asm(R"(
    .text
    .hidden earshot_emulation_switch
    .globl earshot_emulation_switch
    .type earshot_emulation_switch, %function
earshot_emulation_switch:
    stp x19, x20, [sp, #-160]!
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    ldp x19, x20, [sp], #160
    ret
    .size earshot_emulation_switch, .-earshot_emulation_switch
)");
#else
#error "Switching fibers is written for x86-64 and AArch64"
#endif

namespace earshot::emulation {

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t STACK_BYTES = std::size_t{256} << 10U;
#else
constexpr std::size_t STACK_BYTES = std::size_t{64} << 10U;
#endif

// Stacks begin at different cache lines of a page: all at the same one would compete for a few lines of the cache.
constexpr std::size_t LINE = 64, LINES = 64;

// One launch runs at a time (Device::mutex), so that these two are enough.
Fiber *previous = nullptr;
Fiber *running = nullptr;

} // namespace

Fiber::Fiber(Body body, void *argument) : stack_bytes_(STACK_BYTES), body_(body), argument_(argument) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    mapping_bytes_ = page + STACK_BYTES;
    mapping_ = mmap(nullptr, mapping_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping_ == MAP_FAILED) {
        throw std::bad_alloc();
    }
    unsigned char *const low = static_cast<unsigned char *>(mapping_) + page;
    if (mprotect(low, STACK_BYTES, PROT_READ | PROT_WRITE) != 0) {
        munmap(mapping_, mapping_bytes_);
        throw std::bad_alloc();
    }
    stack_low_ = low;
    // A frame as earshot_emulation_switch leaves it, whose return address is the entry.
    static std::size_t made = 0;
    void **const top = reinterpret_cast<void **>(low + STACK_BYTES - made++ % LINES * LINE);
#if defined(__x86_64__)
    // Popped in order: six registers, the return address; above it the null that a caller would have left, which puts
    // the stack pointer 8 bytes off a multiple of 16, as after a call.
    void **const frame = top - 8;
    frame[6] = reinterpret_cast<void *>(&Fiber::enter);
#else
    void **const frame = top - 20;
    frame[11] = reinterpret_cast<void *>(&Fiber::enter);
#endif
    stack_pointer_ = frame;
#if defined(__SANITIZE_THREAD__)
    sanitizer_state_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
    if (mapping_ != nullptr) {
#if defined(__SANITIZE_THREAD__)
        __tsan_destroy_fiber(sanitizer_state_);
#endif
        sanitizer::allow(stack_low_, stack_bytes_);
        munmap(mapping_, mapping_bytes_);
    }
}

void Fiber::switch_to(Fiber &next) {
    previous = this;
    running = &next;
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&sanitizer_state_, next.stack_low_, next.stack_bytes_);
#elif defined(__SANITIZE_THREAD__)
    if (mapping_ == nullptr) {
        sanitizer_state_ = __tsan_get_current_fiber();
    }
    __tsan_switch_to_fiber(next.sanitizer_state_, 0);
#endif
    earshot_emulation_switch(&stack_pointer_, next.stack_pointer_);
    resumed();
}

/* The address sanitizer says here where the stack lies that was left: a thread's own is not known before. */
void Fiber::resumed() {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(sanitizer_state_, &previous->stack_low_, &previous->stack_bytes_);
#endif
}

void Fiber::enter() {
    Fiber &self = *running;
    self.resumed();
    self.body_(self.argument_);
    std::abort();
}

} // namespace earshot::emulation
