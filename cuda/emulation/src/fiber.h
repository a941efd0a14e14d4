/* Stacks of execution that are entered and left by a few instructions, without the operating system. */
#pragma once

#include <cstddef>

namespace earshot::emulation {

class Fiber {
  public:
    /* Must not return: a fiber is left by switching away for good, and stays ready to be resumed. */
    using Body = void (*)(void *argument);

    /* The calling thread's own stack, as a place to switch back to. */
    Fiber() = default;
    /* A stack of its own, with an unmapped page below it, on which the first switch starts `body`. */
    Fiber(Body body, void *argument);
    ~Fiber();
    Fiber(const Fiber &) = delete;
    Fiber &operator=(const Fiber &) = delete;

    /* Suspends this fiber, which must be the running one, and resumes `next`. Returns when this one is resumed. */
    void switch_to(Fiber &next);

  private:
    static void enter();
    void resumed();

    void *stack_pointer_ = nullptr;
    const void *stack_low_ = nullptr;
    std::size_t stack_bytes_ = 0;
    void *mapping_ = nullptr; // none if the stack is the thread's own
    std::size_t mapping_bytes_ = 0;
    [[maybe_unused]] void *sanitizer_state_ = nullptr; // without sanitizers nobody has one
    Body body_ = nullptr;
    void *argument_ = nullptr;
};

} // namespace earshot::emulation
