/* A session's threads: the caller and workers that wait for it, first spinning for some
 * 20 microseconds, then asleep. */
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "index.h"

namespace earshot {

/*
 * A condition with its mutex. POSIX's own: std::condition_variable would bind the library to the C++ runtime of the
 * compiler it was built with.
 */
class Bell {
  public:
    Bell() = default;
    ~Bell() {
        pthread_cond_destroy(&condition_);
        pthread_mutex_destroy(&mutex_);
    }
    Bell(const Bell &) = delete;
    Bell &operator=(const Bell &) = delete;

    /* Waits until `done` holds. */
    template <class Done>
    void wait(const Done &done) {
        pthread_mutex_lock(&mutex_);
        while (!done()) {
            pthread_cond_wait(&condition_, &mutex_);
        }
        pthread_mutex_unlock(&mutex_);
    }
    /* Wakes all that wait, after `change`, which no waiter can miss. */
    template <class Change>
    void ring(const Change &change) {
        pthread_mutex_lock(&mutex_);
        change();
        pthread_mutex_unlock(&mutex_);
        pthread_cond_broadcast(&condition_);
    }

  private:
    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condition_ = PTHREAD_COND_INITIALIZER;
};

class Team {
  public:
    explicit Team(int threads);
    ~Team();
    Team(const Team &) = delete;
    Team &operator=(const Team &) = delete;

    int threads() const { return static_cast<int>(workers_.size()) + 1; }

    /*
     * Calls body(task, thread) for each task, each once, on any thread, and returns when all are done. A thread begins
     * with a range of its own, the same share of the tasks each time, and takes others' tasks when its own are done: so
     * what one layer's rows leave in a core's cache is where the next one's are computed, which counts where the cores
     * have no cache in common.
     */
    template <class Body>
    void each(Index tasks, const Body &body) {
        run(
            tasks,
            [](const void *context, Index task, int thread) { (*static_cast<const Body *>(context))(task, thread); },
            &body);
    }

    /* Whether the caller may use the team now; to be given back by leave. */
    bool enter() { return !busy_.exchange(true, std::memory_order_acquire); }
    void leave() { busy_.store(false, std::memory_order_release); }

  private:
    using Body = void (*)(const void *context, Index task, int thread);

    /* The tasks that a thread begins with; on a line of its own, as its thread alone writes it until the others help. */
    struct alignas(64) Share {
        std::atomic<Index> next{0};
        Index end = 0;
    };

    void run(Index tasks, Body body, const void *context);
    void work(int thread);
    void serve(int thread);
    void stop();

    std::vector<Share> shares_; /* one for each thread */
    std::vector<std::thread> workers_;
    std::atomic<bool> busy_{false};
    std::atomic<bool> stopping_{false};
    std::atomic<std::uint32_t> round_{0};
    std::atomic<int> unfinished_{0};
    Bell begin_;
    Bell end_;
    Body body_ = nullptr;
    const void *context_ = nullptr;
};

} // namespace earshot

struct earshot_cpu_team {
    explicit earshot_cpu_team(int threads) : team(threads) {}
    earshot::Team team;
};
