# What every native target of this project is built with.

option(EARSHOT_WARNINGS_AS_ERRORS "Fail on compiler warnings" ON)
set(EARSHOT_SANITIZE "" CACHE STRING "Sanitizers: address, undefined, thread, or address,undefined; empty for none")

# The project's folder.
get_filename_component(EARSHOT_ROOT "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)

# HardeningTest reads how each source was compiled.
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(earshot_flags INTERFACE)
target_compile_features(earshot_flags INTERFACE cxx_std_17)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${EARSHOT_ROOT}/cmake/compile-flags.txt")
file(STRINGS "${EARSHOT_ROOT}/cmake/compile-flags.txt" EARSHOT_COMPILE_FLAGS REGEX "^-")
# Sanitizers know better, and without optimisation glibc ignores it and warns.
if(NOT EARSHOT_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    list(APPEND EARSHOT_COMPILE_FLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
# Sources are named from the project's folder on, wherever that lies: the emulation of CUDA says in which line it stopped.
target_compile_options(earshot_flags INTERFACE
    "$<$<COMPILE_LANGUAGE:CXX>:-ffile-prefix-map=${EARSHOT_ROOT}/=>"
    "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wconversion;-Wshadow;${EARSHOT_COMPILE_FLAGS}>"
    "$<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${EARSHOT_WARNINGS_AS_ERRORS}>>:-Werror>")
target_link_options(earshot_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)

# nvcc hands these to the host's compiler; -Wconversion would complain of what nvcc itself writes.
string(REPLACE ";" "," EARSHOT_HOST_FLAGS "${EARSHOT_COMPILE_FLAGS}")
target_compile_options(earshot_flags INTERFACE
    "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,${EARSHOT_HOST_FLAGS}>"
    "$<$<AND:$<COMPILE_LANGUAGE:CUDA>,$<BOOL:${EARSHOT_WARNINGS_AS_ERRORS}>>:-Werror=all-warnings;-Xcompiler=-Werror>")

if(EARSHOT_SANITIZE)
    target_compile_options(earshot_flags INTERFACE
        "$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${EARSHOT_SANITIZE};-fno-omit-frame-pointer;-fno-sanitize-recover=all;-g>")
    target_link_options(earshot_flags INTERFACE -fsanitize=${EARSHOT_SANITIZE})
endif()

# A SONAME whose zeros org.earshot.natives.NativeBundle replaces by the digest of what it unpacks: the dynamic loader
# takes a library that is there already for any other of the same SONAME, so that a second version of Earshot in one
# process would run the kernels of the first.
function(earshot_soname_for_digest target name)
    set_target_properties(${target} PROPERTIES NO_SONAME ON)
    target_link_options(${target} PRIVATE "-Wl,-soname,lib${name}-0000000000000000.so")
endfunction()
