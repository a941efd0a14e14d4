/* Operations of a warp. Lanes hand in an argument each and wait; the one that comes last carries the operation out for
   all of them, writing each lane's result into that lane's own argument. */
#pragma once

#include <algorithm>
#include <string>

#include "thread.h"

namespace earshot::emulation {

/* `arguments` has an entry for each lane in `present`. */
using WarpFunction = void (*)(void *const *arguments, unsigned present);

/* Waits for the lanes that `mask` names; lanes that the block does not have are left out, as on a device.
   Faults if the lanes do not agree on mask and function, or if one of them never comes. */
void warp_rendezvous(const char *name, unsigned mask, void *argument, WarpFunction function, Site site);

/* The number of the running thread within its warp. */
extern unsigned running_lane;
/* `mask` without the lanes that the block does not have. */
unsigned present_lanes(unsigned mask);
[[noreturn]] void fault(const std::string &what);
[[noreturn]] void bad_source_lane(const char *name, int source, Site site);
[[noreturn]] void bad_width(const char *name, int width, Site site);

inline void check_width(const char *name, int width, Site site) {
    if (width < 1 || width > 32 || (width & (width - 1)) != 0) {
        bad_width(name, width, site);
    }
}

template <class T>
struct Shuffle {
    T value;
    int source; // a lane of the warp
    bool found;
};

template <class T>
void shuffle_lanes(void *const *arguments, unsigned present) {
    // Two passes: a lane's value must not be replaced while others still want it.
    T values[32];
    for (unsigned lanes = present; lanes != 0; lanes &= lanes - 1) {
        const int lane = __builtin_ctz(lanes);
        values[lane] = static_cast<const Shuffle<T> *>(arguments[lane])->value;
    }
    for (unsigned lanes = present; lanes != 0; lanes &= lanes - 1) {
        Shuffle<T> &mine = *static_cast<Shuffle<T> *>(arguments[__builtin_ctz(lanes)]);
        mine.found = (present >> static_cast<unsigned>(mine.source) & 1U) != 0;
        if (mine.found) {
            mine.value = values[mine.source];
        }
    }
}

template <class T>
T shuffle(const char *name, unsigned mask, T value, int source, Site site) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "the device shuffles 4 or 8 bytes");
    Shuffle<T> mine{value, source, false};
    warp_rendezvous(name, mask, &mine, shuffle_lanes<T>, site);
    if (!mine.found) {
        bad_source_lane(name, source, site);
    }
    return mine.value;
}

/* Collective of a full warp: once all 32 lanes have arrived, `function` is called once, with every lane's argument in
   the order of lanes, to read and to write. For operations of a warp that have no name here. */
template <class T>
void warp_collective(const char *name, T &mine, void (*function)(T *const (&lanes)[32]),
                     const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
    struct Argument {
        T *mine;
        void (*function)(T *const (&)[32]);
    };
    if (present_lanes(~0U) != ~0U) {
        fault(std::string(name) + " needs a full warp");
    }
    Argument argument{&mine, function};
    const auto call_once = [](void *const *arguments, unsigned) {
        T *lanes[32];
        for (int lane = 0; lane < 32; ++lane) {
            lanes[lane] = static_cast<const Argument *>(arguments[lane])->mine;
        }
        static_cast<const Argument *>(arguments[0])->function(lanes);
    };
    warp_rendezvous(name, ~0U, &argument, call_once, Site{file, line});
}

template <class T>
struct Exchange {
    T mine;
    T *all;
};

/* Collective of a full warp: each lane gets what all 32 handed in, in the order of lanes. */
template <class T>
void warp_exchange(const T &mine, T (&all)[32], const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
    Exchange<T> argument{mine, all};
    warp_collective<Exchange<T>>(
        "warp_exchange", argument,
        [](Exchange<T> *const(&lanes)[32]) {
            T values[32];
            for (int lane = 0; lane < 32; ++lane) {
                values[lane] = lanes[lane]->mine;
            }
            for (int lane = 0; lane < 32; ++lane) {
                std::copy(values, values + 32, lanes[lane]->all);
            }
        },
        file, line);
}

/* The lanes of `mask` whose predicate is true. */
unsigned ballot(const char *name, unsigned mask, int predicate, Site site);

} // namespace earshot::emulation

inline void __syncwarp(unsigned mask = ~0U, const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
    earshot::emulation::ballot("__syncwarp", mask, 0, {file, line});
}

inline unsigned __ballot_sync(unsigned mask, int predicate, const char *file = __builtin_FILE(),
                              int line = __builtin_LINE()) {
    return earshot::emulation::ballot("__ballot_sync", mask, predicate, {file, line});
}

inline int __any_sync(unsigned mask, int predicate, const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
    return earshot::emulation::ballot("__any_sync", mask, predicate, {file, line}) != 0;
}

inline int __all_sync(unsigned mask, int predicate, const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
    using namespace earshot::emulation;
    return ballot("__all_sync", mask, predicate, {file, line}) == present_lanes(mask);
}

/* Shuffles take place within segments of `width` lanes; a source outside the segment means the lane itself, except for
   __shfl_sync, which takes the source modulo the width. */
template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, const char *file = __builtin_FILE(),
              int line = __builtin_LINE()) {
    using namespace earshot::emulation;
    const Site site{file, line};
    check_width("__shfl_sync", width, site);
    const int first = static_cast<int>(running_lane) & ~(width - 1);
    return shuffle("__shfl_sync", mask, value, first + (source & (width - 1)), site);
}

template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, const char *file = __builtin_FILE(),
                 int line = __builtin_LINE()) {
    using namespace earshot::emulation;
    const Site site{file, line};
    check_width("__shfl_up_sync", width, site);
    const int lane = static_cast<int>(running_lane);
    const bool inside = delta <= static_cast<unsigned>(lane & (width - 1));
    return shuffle("__shfl_up_sync", mask, value, inside ? lane - static_cast<int>(delta) : lane, site);
}

template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, const char *file = __builtin_FILE(),
                   int line = __builtin_LINE()) {
    using namespace earshot::emulation;
    const Site site{file, line};
    check_width("__shfl_down_sync", width, site);
    const int lane = static_cast<int>(running_lane);
    const bool inside = delta < static_cast<unsigned>(width - (lane & (width - 1)));
    return shuffle("__shfl_down_sync", mask, value, inside ? lane + static_cast<int>(delta) : lane, site);
}

template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32, const char *file = __builtin_FILE(),
                  int line = __builtin_LINE()) {
    using namespace earshot::emulation;
    const Site site{file, line};
    check_width("__shfl_xor_sync", width, site);
    const int lane = static_cast<int>(running_lane);
    // A partner in an earlier segment may be read, one in a later segment may not.
    const int source = lane ^ lanes;
    const int segment_end = (lane & ~(width - 1)) + width;
    return shuffle("__shfl_xor_sync", mask, value, source < segment_end && source >= 0 ? source : lane, site);
}
