/*
 * Times each kernel against what the device reaches in the same run: a table, then the same as lines of JSON.
 *
 *   earshot_cuda_bench [--tiny]
 */
#include <cstring>

#include "kernel_bench.h"

int main(int argc, char **argv) {
    bench::Bench bench(argc > 1 && std::strcmp(argv[1], "--tiny") == 0);
    bench::launches(bench);
    bench::scan(bench);
    bench.print_json();
    return 0;
}
