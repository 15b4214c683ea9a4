# SPDX-License-Identifier: GPL-3.0-or-later
# One interface target that every target of ours links: warnings, machine, sanitizers.
add_library(rankscope_options INTERFACE)
target_include_directories(rankscope_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(rankscope_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align
  $<$<CONFIG:Release>:-fno-math-errno>)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12's own headers trip them: AVX-512 wherever Eigen or a kernel uses it, std::string when optimised.
  target_compile_options(rankscope_options INTERFACE -Wno-maybe-uninitialized -Wno-uninitialized
    "$<$<CONFIG:Release>:-Wno-restrict;-Wno-array-bounds>")
endif()
if(RANKSCOPE_WERROR)
  target_compile_options(rankscope_options INTERFACE -Werror)
endif()
if(RANKSCOPE_PORTABLE)
  target_compile_options(rankscope_options INTERFACE -march=x86-64-v2)
else()
  target_compile_options(rankscope_options INTERFACE -march=native)
endif()
if(RANKSCOPE_SANITIZE)
  target_compile_options(rankscope_options INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  target_link_options(rankscope_options INTERFACE -fsanitize=address,undefined)
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  target_link_options(rankscope_options INTERFACE -fuse-ld=mold)
endif()
