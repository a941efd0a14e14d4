# Looks for nvcc, and sets EARSHOT_NVCC to whether it can be used.

# sm_100 and sm_120 are known to nvcc 12.8 and later; 120-virtual is code for what comes after.
set(EARSHOT_CUDA_ARCHITECTURES "75-real;80-real;86-real;89-real;90-real;100-real;120-real;120-virtual"
    CACHE STRING "Architectures as in CMAKE_CUDA_ARCHITECTURES; 90-real alone compiles quickly for an H200")
option(EARSHOT_CUDA_NVCC "Compile with nvcc if there is one; otherwise a stub that says why it cannot run" ON)

# The compiler is given by its real path: CMake looks for the toolkit beside it, and there is none beside a script on
# the PATH that merely starts nvcc. nvcc itself knows: it prints its folder as "#$ _HERE_=" in a dry run.
function(earshot_find_nvcc result)
    set(${result} "" PARENT_SCOPE)
    find_program(EARSHOT_NVCC_PROGRAM nvcc
        HINTS "$ENV{CUDACXX}" "$ENV{CUDA_HOME}/bin" "$ENV{CUDA_PATH}/bin"
        PATHS /usr/local/cuda/bin)
    if(EARSHOT_NVCC_PROGRAM)
        execute_process(COMMAND "${EARSHOT_NVCC_PROGRAM}" --dryrun -E -x cu /dev/null
            OUTPUT_VARIABLE printed ERROR_VARIABLE printed)
        if(printed MATCHES "_HERE_=([^\n]*)" AND EXISTS "${CMAKE_MATCH_1}/nvcc")
            set(${result} "${CMAKE_MATCH_1}/nvcc" PARENT_SCOPE)
        endif()
    endif()
endfunction()

set(EARSHOT_NVCC OFF)
if(EARSHOT_CUDA_NVCC)
    if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
        earshot_find_nvcc(EARSHOT_NVCC_PATH)
        if(EARSHOT_NVCC_PATH)
            set(CMAKE_CUDA_COMPILER "${EARSHOT_NVCC_PATH}")
        endif()
    endif()
    set(CMAKE_CUDA_ARCHITECTURES "${EARSHOT_CUDA_ARCHITECTURES}")
    include(CheckLanguage)
    check_language(CUDA)
    if(CMAKE_CUDA_COMPILER)
        enable_language(CUDA)
        set(EARSHOT_NVCC ON)
    endif()
endif()
