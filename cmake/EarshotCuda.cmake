# Looks for nvcc, and sets EARSHOT_NVCC to whether it can be used.

# sm_100 and sm_120 are known to nvcc 12.8 and later; 120-virtual is code for what comes after. 90a is 9.0 with what no
# later device has (cuda/src/warpgroup.h).
set(EARSHOT_CUDA_RELEASE_ARCHITECTURES
    75-real 80-real 86-real 89-real 90a-real 100-real 120-real 120-virtual)
set(EARSHOT_CUDA_ARCHITECTURES release
    CACHE STRING "release, or as in CMAKE_CUDA_ARCHITECTURES; 90a-real alone compiles quickly for an H200")
option(EARSHOT_CUDA_NVCC "Compile with nvcc if there is one; otherwise a stub that says why it cannot run" ON)

set(EARSHOT_NVCC OFF)
if(EARSHOT_CUDA_NVCC)
    # CMake by itself looks on the PATH only. A script there that starts nvcc is good enough: nvcc tells CMake where its
    # toolkit is.
    if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
        find_program(EARSHOT_NVCC_PROGRAM nvcc
            HINTS "$ENV{CUDA_HOME}/bin" "$ENV{CUDA_PATH}/bin"
            PATHS /usr/local/cuda/bin)
        if(EARSHOT_NVCC_PROGRAM)
            set(CMAKE_CUDA_COMPILER "${EARSHOT_NVCC_PROGRAM}")
        endif()
    endif()
    if(EARSHOT_CUDA_ARCHITECTURES STREQUAL "release")
        set(CMAKE_CUDA_ARCHITECTURES ${EARSHOT_CUDA_RELEASE_ARCHITECTURES})
    else()
        set(CMAKE_CUDA_ARCHITECTURES "${EARSHOT_CUDA_ARCHITECTURES}")
    endif()
    include(CheckLanguage)
    check_language(CUDA)
    if(CMAKE_CUDA_COMPILER)
        enable_language(CUDA)
        # CMake's "native" does not know of 90a.
        if(CMAKE_CUDA_ARCHITECTURES STREQUAL "native" AND CMAKE_CUDA_ARCHITECTURES_NATIVE)
            string(REPLACE "90-real" "90a-real" CMAKE_CUDA_ARCHITECTURES "${CMAKE_CUDA_ARCHITECTURES_NATIVE}")
        endif()
        set(EARSHOT_NVCC ON)
    endif()
endif()
