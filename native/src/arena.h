/* Aligned memory for prepared weights. */
#pragma once

#include <memory>
#include <vector>

#include "index.h"

namespace earshot {

/* Zeroed blocks of floats, each aligned to a line of the cache, freed together. */
class Arena {
  public:
    float *zeros(Index floats);

  private:
    struct Free {
        void operator()(float *p) const noexcept;
    };
    std::vector<std::unique_ptr<float, Free>> blocks_;
};

} // namespace earshot
