/* Runs all tests, or those whose name contains the argument; the exit status says whether they passed. */
#include <cstring>

#include "harness.h"

int main(int argc, char **argv) {
    int run = 0;
    for (const test::Case &one : test::cases()) {
        if (argc > 1 && std::strstr(one.name, argv[1]) == nullptr) {
            continue;
        }
        const int before = test::failures();
        one.body();
        ++run;
        std::printf("%s %s\n", test::failures() == before ? "ok    " : "FAILED", one.name);
        std::fflush(stdout);
    }
    std::printf("%d tests, %d failed checks\n", run, test::failures());
    return run > 0 && test::failures() == 0 ? 0 : 1;
}
