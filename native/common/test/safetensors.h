/* Reads the float32 tensors of a safetensors file that this project's own tests wrote: no more than that needs. */
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace test {

struct Tensor {
    std::vector<std::int64_t> shape;
    std::vector<float> values;
};

/* Throws std::runtime_error where the file is not what is expected. */
std::map<std::string, Tensor> read_safetensors(const std::string &path);

} // namespace test
