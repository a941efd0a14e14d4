#include "team.h"

namespace earshot {

namespace {

constexpr int SPINS = 1000; /* of some 20 ns each: longer than the gap between two layers, shorter than a time slice */

void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

} // namespace

Team::Team(int threads) : shares_(static_cast<std::size_t>(threads)) {
    workers_.reserve(static_cast<std::size_t>(threads - 1));
    try {
        for (int i = 1; i < threads; ++i) {
            workers_.emplace_back([this, i] { serve(i); });
        }
    } catch (...) {
        stop();
        throw;
    }
}

Team::~Team() {
    stop();
}

void Team::stop() {
    begin_.ring([this] {
        stopping_.store(true, std::memory_order_relaxed);
        round_.fetch_add(1, std::memory_order_release);
    });
    for (std::thread &worker : workers_) {
        worker.join();
    }
    workers_.clear();
}

void Team::run(Index tasks, Body body, const void *context) {
    if (workers_.empty() || tasks <= 1) {
        for (Index task = 0; task < tasks; ++task) {
            body(context, task, 0);
        }
        return;
    }
    body_ = body;
    context_ = context;
    const Index count = threads();
    for (Index i = 0; i < count; ++i) {
        Share &share = shares_[static_cast<std::size_t>(i)];
        share.next.store(tasks * i / count, std::memory_order_relaxed);
        share.end = tasks * (i + 1) / count;
    }
    unfinished_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
    begin_.ring([this] { round_.fetch_add(1, std::memory_order_release); });
    work(0);
    for (int i = 0; i < SPINS; ++i) {
        if (unfinished_.load(std::memory_order_acquire) == 0) {
            return;
        }
        relax();
    }
    end_.wait([this] { return unfinished_.load(std::memory_order_acquire) == 0; });
}

void Team::work(int thread) {
    const int count = threads();
    for (int i = 0; i < count; ++i) {
        Share &share = shares_[static_cast<std::size_t>((thread + i) % count)];
        for (Index task; (task = share.next.fetch_add(1, std::memory_order_relaxed)) < share.end;) {
            body_(context_, task, thread);
        }
    }
}

void Team::serve(int thread) {
    std::uint32_t seen = 0;
    for (;;) {
        for (int i = 0; i < SPINS && round_.load(std::memory_order_acquire) == seen; ++i) {
            relax();
        }
        if (round_.load(std::memory_order_acquire) == seen) {
            begin_.wait([&] { return round_.load(std::memory_order_acquire) != seen; });
        }
        ++seen;
        if (stopping_.load(std::memory_order_relaxed)) {
            return;
        }
        work(thread);
        if (unfinished_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            end_.ring([] {});
        }
    }
}

} // namespace earshot
