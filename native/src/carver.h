/* How operations lay out their scratch memory. */
#pragma once

#include "index.h"

namespace earshot {

/* Cuts scratch memory into aligned pieces; without memory it only counts. */
class Carver {
  public:
    explicit Carver(float *base);
    float *take(Index floats);
    /* Floats taken so far and what aligning the start may cost. */
    Index floats() const;

  private:
    float *base_;
    Index used_ = 0;
};

} // namespace earshot
