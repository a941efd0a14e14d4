/* The objects behind one kind of handle: only handles given out and not yet destroyed are followed. */
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <utility>

namespace earshot::emulation {

template <class T> class Handles {
  public:
    T *add(T object) {
        auto owned = std::make_unique<T>(std::move(object));
        T *const handle = owned.get();
        objects_.emplace(handle, std::move(owned));
        return handle;
    }
    /* Null if there is no such object. */
    T *find(const T *handle) const {
        const auto found = objects_.find(handle);
        return found == objects_.end() ? nullptr : found->second.get();
    }
    bool remove(const T *handle) { return objects_.erase(handle) == 1; }
    void clear() { objects_.clear(); }
    std::size_t size() const { return objects_.size(); }

    template <class Function> void for_each(const Function &function) const {
        for (const auto &entry : objects_) {
            function(*entry.second);
        }
    }

  private:
    std::map<const T *, std::unique_ptr<T>> objects_;
};

} // namespace earshot::emulation
