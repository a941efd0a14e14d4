/* The networks' layers at paper size, with their formulas. */
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cpu_calls.h"
#include "reference.h"

namespace bench {

struct Layer {
    std::string name;
    int count; /* how often the network has it */
    test::Packed packed;
    std::int64_t frames, bands, channels; /* of input 0 */
    std::int64_t condition;               /* width of input 1; 0 without */
    double multiply_adds;
    double updates; /* of scans' states */
    /* A size whose formula does not take long, */
    std::int64_t few_frames, few_bands;
    /* and the formula, of input 0 and 1 of that size; empty for what only moves numbers. */
    std::function<test::Doubles(const std::vector<float> &, const std::vector<float> &, std::int32_t precision)>
        formula;
};

struct Network {
    std::string name;
    std::vector<Layer> layers;
};

std::vector<Network> networks();

} // namespace bench
