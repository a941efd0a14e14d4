/* Runs the blocks of a grid one after the other, each block's threads as fibers that take turns. */
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "emulation/launch.h"
#include "emulation/thread.h"
#include "emulation/warp.h"
#include "fiber.h"
#include "picker.h"

namespace earshot::emulation {

/* An error of a kernel, thrown where it is found and caught where the thread's fiber begins. */
class Fault : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/* What a suspended thread waits for; what a running one waited for last, but for the place. */
struct Waiting {
    const char *operation = nullptr;
    Site site{};
    unsigned mask = 0;           // of the lanes; 0 at a barrier
    const void *place = nullptr; // of a barrier in memory
};

class Grid;

/* A thread of the block; it lives on and is used again by the next block. */
struct Thread {
    Thread(Grid &owner, unsigned number_);

    Grid &grid;
    unsigned number; // within the block
    uint3 index{};
    bool dependencies_awaited = true;
    Waiting waiting;
    Fiber fiber;
};

struct Warp {
    /* Lanes that have arrived at an operation; kept at the lowest of the lanes that it names. */
    struct Meeting {
        unsigned mask = 0, arrived = 0;
        const char *name = nullptr;
        WarpFunction function = nullptr;
        Site site{};
    };

    unsigned existing = 0, ready = 0, exited = 0; // sets of lanes
    Meeting meetings[32];
    void *arguments[32];
};

class Grid {
  public:
    Grid();
    ~Grid();
    Grid(const Grid &) = delete;
    Grid &operator=(const Grid &) = delete;

    /* Runs all blocks. Returns the text of the first fault, empty if there was none. */
    std::string run(const KernelLaunch &launch, Picker &picker);

    // For threads of the block, through the functions of thread.h and warp.h
    Thread *current() { return current_; }
    SharedBlock shared() const { return {shared_, shared_bytes_}; }
    unsigned existing_lanes() const { return warps_[current_->number / 32].existing; }
    int barrier(BarrierKind kind, int predicate, Site site);
    void part_barrier(int number, int threads, Site site);
    void wait_for_dependencies();
    void wait_at(const char *name, const void *place, Site site);
    void wake_waiting(const void *place);
    void meet(const char *name, unsigned mask, void *argument, WarpFunction function, Site site);

  private:
    friend struct Thread;

    struct Barrier {
        BarrierKind kind{};
        Site site{};
        unsigned arrived = 0;
        unsigned votes = 0; // threads whose predicate is true
        int result = 0;     // of the barrier passed last
    };

    /* Of a part of the block. */
    struct PartBarrier {
        int threads = 0;
        int arrived = 0;
    };

    [[noreturn]] static void thread_main(void *thread);
    void run_thread(Thread &thread);
    void run_block();
    void cancel(const Thread *except);
    void set_ready(unsigned warp, unsigned lanes);
    Thread *next();
    void resume(Thread &thread);
    void suspend(Thread &thread, const char *operation, Site site, unsigned mask, const void *place);
    void finish(Thread &thread);
    [[noreturn]] void refuse_lanes(const Warp &warp, const char *name, unsigned mask, Site site) const;
    [[noreturn]] void refuse_meeting(const Warp::Meeting &meeting, const char *name, unsigned mask, Site site) const;
    void record_fault(const Thread &thread, const std::string &what);
    std::string stuck() const;
    void check_shared_end();

    std::vector<std::unique_ptr<Thread>> threads_; // as many as the largest block so far needed
    Warp warps_[32];
    Barrier barrier_;
    PartBarrier part_barriers_[16];
    unsigned ready_warps_ = 0;
    unsigned thread_count_ = 0;
    unsigned unfinished_ = 0;
    Thread *current_ = nullptr;
    Fiber *home_ = nullptr; // the stack of the thread that launched
    Picker *picker_ = nullptr;
    const KernelLaunch *launch_ = nullptr;
    bool cancelled_ = false;
    std::string fault_;
    unsigned char *shared_ = nullptr;
    std::size_t shared_bytes_ = 0;
};

/* The one that runs; launches take turns. */
Grid &grid();

} // namespace earshot::emulation
