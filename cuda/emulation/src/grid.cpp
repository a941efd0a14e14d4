#include "grid.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <map>
#include <new>

#include "limits.h"
#include "poison.h"
#include "sanitizer.h"

uint3 threadIdx;
uint3 blockIdx;
dim3 blockDim;
dim3 gridDim;

namespace earshot::emulation {

bool dependencies_awaited = true;
unsigned running_lane;

namespace {

// Beyond the block's shared memory: written over, it tells of an access past the end that no accessor checked.
constexpr std::size_t SHARED_GUARD = 1024;
constexpr std::size_t SHARED_ALIGNMENT = 1024;

/* Unwinds a thread whose launch has failed. */
struct Cancelled {};

const char *name_of(BarrierKind kind) {
    switch (kind) {
    case BarrierKind::PLAIN:
        return "__syncthreads";
    case BarrierKind::ANY:
        return "__syncthreads_or";
    case BarrierKind::ALL:
        return "__syncthreads_and";
    case BarrierKind::COUNT:
        break;
    }
    return "__syncthreads_count";
}

std::string text_of(Site site) {
    const char *const slash = std::strrchr(site.file, '/');
    return std::string(slash == nullptr ? site.file : slash + 1) + ":" + std::to_string(site.line);
}

std::string text_of(uint3 v) {
    return "(" + std::to_string(v.x) + ", " + std::to_string(v.y) + ", " + std::to_string(v.z) + ")";
}

std::string hexadecimal(unsigned mask) {
    char text[11];
    std::snprintf(text, sizeof text, "0x%08x", mask);
    return text;
}

/* Literals of one text are mostly one object. */
bool same(const char *a, const char *b) {
    return a == b || std::strcmp(a, b) == 0;
}

std::string operation(const char *name, unsigned mask, Site site) {
    return std::string(name) + " (" + text_of(site) + ") with mask " + hexadecimal(mask);
}

bool same(Site a, Site b) {
    return a.line == b.line && same(a.file, b.file);
}

} // namespace

Thread::Thread(Grid &owner, unsigned number_) : grid(owner), number(number_), fiber(Grid::thread_main, this) {}

Grid &grid() {
    static Grid instance;
    return instance;
}

Grid::Grid() {
    shared_ = static_cast<unsigned char *>(
        (::operator new)(limits::SHARED_AT_REQUEST + SHARED_GUARD, std::align_val_t{SHARED_ALIGNMENT}));
}

Grid::~Grid() {
    sanitizer::allow(shared_, limits::SHARED_AT_REQUEST + SHARED_GUARD);
    (::operator delete)(shared_, std::align_val_t{SHARED_ALIGNMENT});
}

std::string Grid::run(const KernelLaunch &launch, Picker &picker) {
    Fiber home;
    home_ = &home;
    picker_ = &picker;
    launch_ = &launch;
    fault_.clear();
    gridDim = launch.grid;
    blockDim = launch.block;
    thread_count_ = launch.block.x * launch.block.y * launch.block.z;
    while (threads_.size() < thread_count_) {
        threads_.push_back(std::make_unique<Thread>(*this, static_cast<unsigned>(threads_.size())));
    }
    for (unsigned i = 0; i < thread_count_; ++i) {
        threads_[i]->index = uint3{i % blockDim.x, i / blockDim.x % blockDim.y, i / (blockDim.x * blockDim.y)};
    }
    sanitizer::allow(shared_, limits::SHARED_AT_REQUEST + SHARED_GUARD);
    fill_with_poison(shared_ + launch.shared_bytes, SHARED_GUARD);
    sanitizer::forbid(shared_ + launch.shared_bytes, limits::SHARED_AT_REQUEST + SHARED_GUARD - launch.shared_bytes);
    shared_bytes_ = launch.shared_bytes;

    const std::uint64_t count = std::uint64_t{launch.grid.x} * launch.grid.y * launch.grid.z;
    const std::vector<std::uint64_t> order = picker.blocks(count);
    for (std::uint64_t i = 0; i < count && fault_.empty(); ++i) {
        const std::uint64_t block = order.empty() ? i : order[i];
        blockIdx = uint3{static_cast<unsigned>(block % gridDim.x), static_cast<unsigned>(block / gridDim.x % gridDim.y),
                         static_cast<unsigned>(block / gridDim.x / gridDim.y)};
        run_block();
    }
    current_ = nullptr;
    dependencies_awaited = true;
    return fault_;
}

void Grid::run_block() {
    fill_with_poison(shared_, shared_bytes_);
    barrier_ = Barrier{};
    for (PartBarrier &part : part_barriers_) {
        part = PartBarrier{};
    }
    cancelled_ = false;
    unfinished_ = thread_count_;
    ready_warps_ = 0;
    for (unsigned i = 0; i < thread_count_; ++i) {
        threads_[i]->dependencies_awaited = !launch_->dependent;
    }
    for (unsigned w = 0; w * 32 < thread_count_; ++w) {
        const unsigned lanes = std::min(thread_count_ - w * 32, 32U);
        Warp &warp = warps_[w];
        warp.existing = lanes == 32 ? ~0U : (1U << lanes) - 1;
        warp.exited = 0;
        for (Warp::Meeting &meeting : warp.meetings) {
            meeting.arrived = 0;
        }
        set_ready(w, warp.existing);
    }
    current_ = threads_[0].get();
    Thread *const first = next();
    resume(*first);
    home_->switch_to(first->fiber);
    if (unfinished_ != 0) {
        // Nobody can run, somebody has not finished.
        fault_ = stuck();
        cancel(nullptr);
        Thread *const thread = next();
        resume(*thread);
        home_->switch_to(thread->fiber);
    }
    if (fault_.empty()) {
        check_shared_end();
    }
}

void Grid::thread_main(void *argument) {
    Thread &thread = *static_cast<Thread *>(argument);
    for (;;) {
        thread.grid.run_thread(thread);
        thread.grid.finish(thread);
    }
}

void Grid::run_thread(Thread &thread) {
    if (cancelled_) {
        return;
    }
    try {
        launch_->body();
        if (!thread.dependencies_awaited) {
            throw Fault("returned without begin_kernel()");
        }
    } catch (const Cancelled &) {
        // Another thread's fault is on record.
    } catch (const std::exception &e) {
        record_fault(thread, e.what());
        cancel(&thread);
    }
}

/* The thread is done with this block; it is resumed for the next one. */
void Grid::finish(Thread &thread) {
    --unfinished_;
    warps_[thread.number / 32].exited |= 1U << thread.number % 32;
    Thread *const other = next();
    if (other == nullptr) {
        thread.fiber.switch_to(*home_);
    } else {
        resume(*other);
        thread.fiber.switch_to(other->fiber);
    }
}

/* All other threads run once more, into the exception that unwinds them. */
void Grid::cancel(const Thread *except) {
    cancelled_ = true;
    for (unsigned w = 0; w * 32 < thread_count_; ++w) {
        unsigned lanes = warps_[w].existing & ~warps_[w].exited;
        if (except != nullptr && except->number / 32 == w) {
            lanes &= ~(1U << except->number % 32);
        }
        warps_[w].ready = 0;
        ready_warps_ &= ~(1U << w);
        set_ready(w, lanes);
    }
}

void Grid::set_ready(unsigned warp, unsigned lanes) {
    if (lanes != 0) {
        warps_[warp].ready |= lanes;
        ready_warps_ |= 1U << warp;
    }
}

/* Takes the next thread from those that are ready; null if there is none. */
Thread *Grid::next() {
    if (ready_warps_ == 0) {
        return nullptr;
    }
    const unsigned w = picker_->warp(ready_warps_, current_->number / 32);
    Warp &warp = warps_[w];
    const unsigned lane = picker_->lane(warp.ready);
    warp.ready &= ~(1U << lane);
    if (warp.ready == 0) {
        ready_warps_ &= ~(1U << w);
    }
    return threads_[w * 32 + lane].get();
}

void Grid::resume(Thread &thread) {
    current_ = &thread;
    threadIdx = thread.index;
    running_lane = thread.number % 32;
    dependencies_awaited = thread.dependencies_awaited;
}

void Grid::wait_for_dependencies() {
    current_->dependencies_awaited = true;
    emulation::dependencies_awaited = true;
}

/* One by one, from registers: of a Waiting put together in memory the copy would stall for its parts, which took an eighth
   of all time. */
inline void Grid::suspend(Thread &thread, const char *operation, Site site, unsigned mask, const void *place) {
    thread.waiting.operation = operation;
    thread.waiting.site.file = site.file;
    thread.waiting.site.line = site.line;
    thread.waiting.mask = mask;
    thread.waiting.place = place;
    Thread *const other = next();
    if (other == nullptr) {
        thread.fiber.switch_to(*home_);
    } else if (other != &thread) {
        resume(*other);
        thread.fiber.switch_to(other->fiber);
    }
    thread.waiting.place = nullptr;
    if (cancelled_) {
        throw Cancelled();
    }
}

int Grid::barrier(BarrierKind kind, int predicate, Site site) {
    Thread &thread = *current_;
    Barrier &b = barrier_;
    if (b.arrived == 0) {
        b.kind = kind;
        b.site = site;
        b.votes = 0;
    } else if (b.kind != kind || !same(b.site, site)) {
        throw Fault(std::string("stands at ") + name_of(kind) + " (" + text_of(site) +
                    ") while other threads stand at " + name_of(b.kind) + " (" + text_of(b.site) + ")");
    }
    b.votes += predicate != 0 ? 1U : 0U;
    if (++b.arrived == thread_count_) {
        switch (b.kind) {
        case BarrierKind::PLAIN:
            break;
        case BarrierKind::ANY:
            b.result = b.votes != 0 ? 1 : 0;
            break;
        case BarrierKind::ALL:
            b.result = b.votes == thread_count_ ? 1 : 0;
            break;
        case BarrierKind::COUNT:
            b.result = static_cast<int>(b.votes);
            break;
        }
        b.arrived = 0;
        for (unsigned w = 0; w * 32 < thread_count_; ++w) {
            set_ready(w, warps_[w].existing);
        }
    }
    suspend(thread, name_of(kind), site, 0, nullptr);
    // The next barrier cannot be passed, and change this, before every thread has been here.
    return b.result;
}

void Grid::part_barrier(int number, int threads, Site site) {
    const auto complaint = [&](const std::string &what) {
        throw Fault("part barrier " + std::to_string(number) + " (" + text_of(site) + ") " + what);
    };
    if (number < 1 || number >= static_cast<int>(std::size(part_barriers_))) {
        complaint("has a number that is none of 1 to 15");
    }
    if (threads < 32 || threads % 32 != 0 || threads > static_cast<int>(thread_count_)) {
        complaint("is for " + std::to_string(threads) + " threads, which are no whole warps of the block");
    }
    PartBarrier &part = part_barriers_[number];
    if (part.arrived != 0 && part.threads != threads) {
        complaint("is for " + std::to_string(threads) + " threads here, elsewhere for " + std::to_string(part.threads));
    }
    part.threads = threads;
    if (++part.arrived == threads) {
        part.arrived = 0;
        wake_waiting(&part);
        return;
    }
    suspend(*current_, "part barrier", site, 0, &part);
}

/* A lane's way through here is most of what a warp's operation costs, so what only a mistake needs stands aside. */
void Grid::meet(const char *name, unsigned mask, void *argument, WarpFunction function, Site site) {
    Thread &thread = *current_;
    Warp &warp = warps_[thread.number / 32];
    const unsigned lane = thread.number % 32, bit = 1U << lane;
    const unsigned present = mask & warp.existing;
    if ((mask & bit) == 0 || (present & warp.exited) != 0) {
        refuse_lanes(warp, name, mask, site);
    }
    Warp::Meeting &meeting = warp.meetings[__builtin_ctz(present)];
    if (meeting.arrived == 0) {
        meeting.mask = present;
        meeting.name = name;
        meeting.function = function;
        meeting.site = site;
    } else if (meeting.mask != present || meeting.function != function || !same(meeting.name, name)) {
        refuse_meeting(meeting, name, mask, site);
    }
    meeting.arrived |= bit;
    warp.arguments[lane] = argument;
    if (meeting.arrived == present) {
        meeting.arrived = 0;
        function(warp.arguments, present);
        set_ready(thread.number / 32, present);
    }
    suspend(thread, name, site, present, nullptr);
}

void Grid::refuse_lanes(const Warp &warp, const char *name, unsigned mask, Site site) const {
    const unsigned lane = current_->number % 32;
    const unsigned exited = mask & warp.existing & warp.exited;
    throw Fault(operation(name, mask, site) +
                ((mask & 1U << lane) == 0
                     ? " does not name the calling lane " + std::to_string(lane)
                     : " names lanes " + hexadecimal(exited) + ", which have returned from the kernel"));
}

void Grid::refuse_meeting(const Warp::Meeting &meeting, const char *name, unsigned mask, Site site) const {
    throw Fault(operation(name, mask, site) + " meets other lanes at " +
                operation(meeting.name, meeting.mask, meeting.site));
}

void Grid::wait_at(const char *name, const void *place, Site site) {
    suspend(*current_, name, site, 0, place);
}

void Grid::wake_waiting(const void *place) {
    for (unsigned i = 0; i < thread_count_; ++i) {
        if (threads_[i]->waiting.place == place) {
            set_ready(i / 32, 1U << i % 32);
        }
    }
}

void Grid::record_fault(const Thread &thread, const std::string &what) {
    if (fault_.empty()) {
        fault_ = std::string("kernel ") + launch_->name + ", block " + text_of(blockIdx) + ", thread " +
                 text_of(thread.index) + ": " + what;
    }
}

/* Who waits for what, when nobody can go on. */
std::string Grid::stuck() const {
    struct Crowd {
        unsigned threads = 0;
        const Thread *first = nullptr;
    };
    std::map<std::string, Crowd> crowds;
    unsigned returned = 0;
    for (unsigned i = 0; i < thread_count_; ++i) {
        const Thread &thread = *threads_[i];
        if ((warps_[i / 32].exited >> i % 32 & 1U) != 0) {
            ++returned;
            continue;
        }
        const Waiting &w = thread.waiting;
        std::string place = std::string(w.operation) + " (" + text_of(w.site) + ")";
        if (w.mask != 0) {
            place += " of lanes " + hexadecimal(w.mask) + " in warp " + std::to_string(i / 32);
        }
        Crowd &crowd = crowds[place];
        crowd.first = crowd.threads++ == 0 ? &thread : crowd.first;
    }
    std::string text =
        std::string("kernel ") + launch_->name + ", block " + text_of(blockIdx) + ": no thread can go on";
    constexpr std::size_t SHOWN = 6;
    std::size_t shown = 0;
    for (const auto &[place, crowd] : crowds) {
        if (shown++ == SHOWN) {
            text += "; and at " + std::to_string(crowds.size() - SHOWN) + " more places";
            break;
        }
        text += "; " + std::to_string(crowd.threads) + " of " + std::to_string(thread_count_) + " wait at " + place +
                ", the first is thread " + text_of(crowd.first->index);
    }
    return returned == 0 ? text : text + "; " + std::to_string(returned) + " have returned from the kernel";
}

void Grid::check_shared_end() {
    const std::size_t changed = first_without_poison(shared_ + shared_bytes_, SHARED_GUARD);
    if (changed != SHARED_GUARD) {
        fault_ = std::string("kernel ") + launch_->name + ", block " + text_of(blockIdx) + ": byte " +
                 std::to_string(shared_bytes_ + changed) + " of " + std::to_string(shared_bytes_) +
                 " bytes of shared memory was written";
    }
}

// What kernels call

int block_barrier(BarrierKind kind, int predicate, Site site) {
    return grid().barrier(kind, predicate, site);
}

void part_barrier(int number, int threads, const char *file, int line) {
    grid().part_barrier(number, threads, Site{file, line});
}

void wait_at(const char *name, const void *place, const char *file, int line) {
    grid().wait_at(name, place, Site{file, line});
}

void wake_waiting(const void *place) {
    grid().wake_waiting(place);
}

void warp_rendezvous(const char *name, unsigned mask, void *argument, WarpFunction function, Site site) {
    grid().meet(name, mask, argument, function, site);
}

unsigned present_lanes(unsigned mask) {
    return mask & grid().existing_lanes();
}

SharedBlock shared() {
    return grid().shared();
}

void wait_for_dependencies() {
    grid().wait_for_dependencies();
}

void fault(const std::string &what) {
    throw Fault(what);
}

void bad_source_lane(const char *name, int source, Site site) {
    throw Fault(std::string(name) + " (" + text_of(site) + ") reads lane " + std::to_string(source) +
                ", which does not take part");
}

void bad_width(const char *name, int width, Site site) {
    throw Fault(std::string(name) + " (" + text_of(site) + ") has width " + std::to_string(width) +
                ", which must be a power of two up to 32");
}

namespace {

struct Ballot {
    bool predicate;
    unsigned result;
};

void count_ballot(void *const *arguments, unsigned present) {
    unsigned result = 0;
    for (unsigned lanes = present; lanes != 0; lanes &= lanes - 1) {
        const int lane = __builtin_ctz(lanes);
        result |= static_cast<const Ballot *>(arguments[lane])->predicate ? 1U << lane : 0U;
    }
    for (unsigned lanes = present; lanes != 0; lanes &= lanes - 1) {
        static_cast<Ballot *>(arguments[__builtin_ctz(lanes)])->result = result;
    }
}

} // namespace

unsigned ballot(const char *name, unsigned mask, int predicate, Site site) {
    Ballot mine{predicate != 0, 0};
    warp_rendezvous(name, mask, &mine, count_ballot, site);
    return mine.result;
}

} // namespace earshot::emulation
