/* Where there is no libFuzzer: runs the inputs of the folders named, and some that a generator makes up. */
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "layer_kinds.h"

extern "C" std::int64_t earshot_fuzz_runs(int kind);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

namespace {

constexpr int GENERATED = 3000;

std::size_t replay(const char *folder) {
    std::size_t count = 0;
    for (const auto &entry : std::filesystem::directory_iterator(folder)) {
        std::ifstream in(entry.path(), std::ios::binary);
        const std::vector<char> content((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t *>(content.data()), content.size());
        ++count;
    }
    return count;
}

} // namespace

int main(int argc, char **argv) {
    std::size_t count = 0;
    for (int i = 1; i < argc; ++i) {
        count += replay(argv[i]);
    }
    /* Refusals alone would show little: the corpus has a layer of each kind. */
    for (const int kind : earshot::ALL_LAYER_KINDS) {
        if (argc > 1 && earshot_fuzz_runs(kind) == 0) {
            std::fprintf(stderr, "no input runs a layer of kind %d\n", kind);
            return 1;
        }
    }
    std::mt19937 random(7);
    for (int i = 0; i < GENERATED; ++i) {
        std::vector<std::uint8_t> input(200);
        for (std::uint8_t &byte : input) {
            byte = static_cast<std::uint8_t>(random() % (random() % 8 == 0 ? 256 : 9));
        }
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    std::printf("%zu inputs replayed, %d made up\n", count, GENERATED);
    return 0;
}
