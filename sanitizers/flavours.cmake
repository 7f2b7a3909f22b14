# One build flavour a CMake run. Includes sanitizers/<flavour>.cmake, which sets
#   WALKRACE_ALL_FLAGS           every file and every link
#   WALKRACE_INSTRUMENTED_FLAGS  the code under test only (src/paths, fuzz targets' planted code)
#   WALKRACE_LINK_FLAGS          every executable
#   WALKRACE_FUZZER              "", libfuzzer or aflpp
#   WALKRACE_TSAN                ON where the ThreadSanitizer runtime is linked in
#   WALKRACE_LTO                 ON where speed is all: libraries are optimised at link time
# Why two sets: a scheduler that ThreadSanitizer can see is a happens-before edge, and hides
# every race that walkrace hunts. Engine, machine, oracles and harness are never instrumented.

set(WALKRACE_ALL_FLAGS "")
set(WALKRACE_INSTRUMENTED_FLAGS "")
set(WALKRACE_LINK_FLAGS "")
set(WALKRACE_FUZZER "")
set(WALKRACE_TSAN OFF)
set(WALKRACE_LTO OFF)

set(_flavour_file ${CMAKE_CURRENT_LIST_DIR}/${WALKRACE_FLAVOUR}.cmake)
if(NOT EXISTS ${_flavour_file})
  message(FATAL_ERROR "unknown flavour '${WALKRACE_FLAVOUR}': choose a preset of CMakePresets.json")
endif()
include(${_flavour_file})

if(WALKRACE_FUZZER OR NOT PROJECT_IS_TOP_LEVEL)
  set(WALKRACE_WITH_TESTS OFF)
else()
  set(WALKRACE_WITH_TESTS ON)
endif()

# For the stacks in the sanitizers' reports, and in what a sanitizer sees alone: all other code is
# compiled to the same in several flavours, which a cache of the compiler then does once (ci/setup
# installs one). So that the build's folder does not make a difference, either, it is mapped away.
set(_frame_pointer "")
if(WALKRACE_ALL_FLAGS)
  set(_frame_pointer -fno-omit-frame-pointer)
elseif(WALKRACE_LINK_FLAGS)
  list(APPEND WALKRACE_INSTRUMENTED_FLAGS -fno-omit-frame-pointer)
endif()
file(RELATIVE_PATH _to_source ${CMAKE_BINARY_DIR} ${PROJECT_SOURCE_DIR})

add_compile_options(
  -Wall -Wextra -Wshadow -Wno-sign-compare
  "$<$<BOOL:${PROJECT_IS_TOP_LEVEL}>:-Werror>"
  -fno-strict-aliasing ${_frame_pointer} -gline-tables-only
  "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=" "-ffile-prefix-map=${_to_source}="
  "-ffile-compilation-dir=."
  "$<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>"
  ${WALKRACE_ALL_FLAGS})
add_link_options(${WALKRACE_ALL_FLAGS} ${WALKRACE_LINK_FLAGS})
if(WALKRACE_LTO)
  # Executables share what the linker makes of a library.
  add_link_options(-flto=thin -Wl,-plugin-opt,cache-dir=${CMAKE_BINARY_DIR}/lto-cache)
endif()
include_directories(${PROJECT_SOURCE_DIR}/src)

option(WALKRACE_UNITS "compile libraries that take longest to parse headers as one unit each: half of \
the time from nothing, longer after a change (ci/test)" OFF)

# walkrace_library(base SOURCES a.cc b.cc DEPENDS engine absl::strings [INSTRUMENTED] [UNIT]
# [NOT_IN_UNIT b.cc]). UNIT: WALKRACE_UNITS is for it. NOT_IN_UNIT: a source that defines what another
# one does.
function(walkrace_library name)
  cmake_parse_arguments(ARG "INSTRUMENTED;UNIT" "" "SOURCES;DEPENDS;NOT_IN_UNIT" ${ARGN})
  add_library(walkrace_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(walkrace_${name} PUBLIC ${ARG_DEPENDS})
  set_target_properties(walkrace_${name} PROPERTIES INTERPROCEDURAL_OPTIMIZATION ${WALKRACE_LTO})
  if(ARG_UNIT AND WALKRACE_UNITS)
    set_target_properties(walkrace_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0
                          WALKRACE_NOT_IN_UNIT "${ARG_NOT_IN_UNIT}")
    set_source_files_properties(${ARG_NOT_IN_UNIT} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
  if(ARG_INSTRUMENTED)
    target_compile_options(walkrace_${name} PRIVATE ${WALKRACE_INSTRUMENTED_FLAGS})
  endif()
endfunction()

# walkrace_test(engine SOURCES a_test.cc DEPENDS walkrace_engine [OWN_TSAN_OPTIONS]): one test
# binary a folder. A report of ThreadSanitizer fails it, unless it brings options of its own.
function(walkrace_test name)
  if(NOT WALKRACE_WITH_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "OWN_TSAN_OPTIONS" "LABEL" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name}_test ${ARG_SOURCES})
  # Parsing gtest took most of the time that a test took to compile: one unit. Not several, so that
  # a new file does not bring two others together that define the same.
  set_target_properties(${name}_test PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
  if(NOT ARG_OWN_TSAN_OPTIONS)
    target_sources(${name}_test PRIVATE ${CMAKE_SOURCE_DIR}/src/engine/test_tsan_options.cc)
  endif()
  # Nor is a test worth optimising: a quarter of the compiler's time. What it tests is.
  target_compile_options(${name}_test PRIVATE -O0)
  target_link_libraries(${name}_test PRIVATE ${ARG_DEPENDS} GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name}_test PROPERTIES TIMEOUT 300 LABELS "${ARG_LABEL}"
                       DISCOVERY_TIMEOUT 60)
endfunction()

# walkrace_benchmark(harness SOURCES a_benchmark.cc DEPENDS walkrace_harness)
function(walkrace_benchmark name)
  if(NOT WALKRACE_WITH_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name}_benchmark ${ARG_SOURCES})
  target_link_libraries(${name}_benchmark PRIVATE ${ARG_DEPENDS} benchmark::benchmark_main)
endfunction()
