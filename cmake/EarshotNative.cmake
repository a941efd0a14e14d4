# What every native target of this project is built with.

option(EARSHOT_WARNINGS_AS_ERRORS "Fail on compiler warnings" ON)
set(EARSHOT_SANITIZE "" CACHE STRING "Sanitizers: address, undefined, thread, or address,undefined; empty for none")

add_library(earshot_flags INTERFACE)
target_compile_features(earshot_flags INTERFACE cxx_std_17)
target_compile_options(earshot_flags INTERFACE
    -Wall -Wextra -Wconversion -Wshadow
    $<$<BOOL:${EARSHOT_WARNINGS_AS_ERRORS}>:-Werror>
    -fvisibility=hidden -fvisibility-inlines-hidden
    # Fused multiply-adds are written where they are meant: a result is the same whatever the optimiser sees.
    -ffp-contract=off -fno-math-errno)
target_link_options(earshot_flags INTERFACE -Wl,-z,relro,-z,now)

if(EARSHOT_SANITIZE)
    target_compile_options(earshot_flags INTERFACE
        -fsanitize=${EARSHOT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g)
    target_link_options(earshot_flags INTERFACE -fsanitize=${EARSHOT_SANITIZE})
endif()
