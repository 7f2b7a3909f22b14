# walkrace_add_target(NAME SOURCES a.c b.c [DRIVER standalone|libfuzzer|aflpp] [TSAN])
#
# An executable of lockless code that defines `walkrace_target` (walkrace/target.h), compiled so that
# each of its loads and stores of shared memory is an event. DRIVER: who draws the inputs; standalone
# where it is not given. TSAN: with ThreadSanitizer, which reports data races. NAME is a CMake target
# like others: target_compile_definitions and so on work. What it links beside is not watched.
#
# AFL++ runs a target with TSAN only if told so, as it has its own idea of a crash:
#   export AFL_CRASH_EXITCODE=66 \
#     TSAN_OPTIONS=halt_on_error=1:abort_on_error=0:report_signal_unsafe=0:exitcode=66:atexit_sleep_ms=0

function(walkrace_add_target name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "TSAN" "DRIVER" "SOURCES")
  if(ARG_UNPARSED_ARGUMENTS OR NOT ARG_SOURCES)
    message(FATAL_ERROR "walkrace_add_target(NAME SOURCES ... [DRIVER standalone|libfuzzer|aflpp] [TSAN])")
  endif()
  if(NOT ARG_DRIVER)
    set(ARG_DRIVER standalone)
  endif()
  foreach(language C CXX)
    if(NOT CMAKE_${language}_COMPILER_ID STREQUAL "Clang" OR CMAKE_${language}_COMPILER_VERSION VERSION_LESS 19)
      message(FATAL_ERROR "walkrace needs clang 19 for C and C++: cmake -DCMAKE_C_COMPILER=clang-19 "
                          "-DCMAKE_CXX_COMPILER=clang++-19, and project(... LANGUAGES C CXX)")
    endif()
  endforeach()

  set(link_flags "")
  if(ARG_DRIVER STREQUAL "standalone")
    set(coverage -fsanitize-coverage=func,trace-loads,trace-stores)
  elseif(ARG_DRIVER STREQUAL "libfuzzer")
    set(coverage -fsanitize=fuzzer-no-link -fsanitize-coverage=trace-loads,trace-stores)
    set(link_flags -fsanitize=fuzzer)
  elseif(ARG_DRIVER STREQUAL "aflpp")
    set(coverage -fsanitize-coverage=trace-pc-guard,trace-loads,trace-stores)
    find_library(WALKRACE_AFL_DRIVER libAFLDriver.a PATHS /usr/lib/afl /usr/local/lib/afl NO_DEFAULT_PATH REQUIRED)
    find_file(WALKRACE_AFL_RUNTIME afl-compiler-rt.o PATHS /usr/lib/afl /usr/local/lib/afl NO_DEFAULT_PATH REQUIRED)
  else()
    message(FATAL_ERROR "walkrace_add_target: unknown DRIVER '${ARG_DRIVER}': standalone, libfuzzer or aflpp")
  endif()

  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX INTERPROCEDURAL_OPTIMIZATION OFF)
  # One access in the source is to be one in the binary: no vectors, no calls of memset made of loops.
  # The paths in traces and line tables are relative to the project.
  target_compile_options(${name} PRIVATE
    $<$<OR:$<CONFIG:Debug>,$<CONFIG:>>:-O1>
    $<$<NOT:$<CONFIG:Debug,RelWithDebInfo>>:-gline-tables-only>
    -fno-omit-frame-pointer -fno-strict-aliasing -fno-builtin -fno-vectorize -fno-slp-vectorize
    "-ffile-prefix-map=${CMAKE_CURRENT_SOURCE_DIR}/=" -ffile-compilation-dir=.
    ${coverage})
  target_link_options(${name} PRIVATE ${link_flags})
  target_sources(${name} PRIVATE $<TARGET_OBJECTS:walkrace::driver_${ARG_DRIVER}>)
  if(ARG_TSAN)
    set(kind fuzzer)
    if(ARG_DRIVER STREQUAL "standalone")
      set(kind standalone)
    endif()
    target_compile_options(${name} PRIVATE -fsanitize=thread)
    target_link_options(${name} PRIVATE -fsanitize=thread)
    target_sources(${name} PRIVATE
      $<TARGET_OBJECTS:walkrace::tsan_${kind}> $<TARGET_OBJECTS:walkrace::tsan_memory>)
    target_link_libraries(${name} PRIVATE walkrace::core_tsan)
  else()
    target_link_libraries(${name} PRIVATE walkrace::core)
  endif()
  if(ARG_DRIVER STREQUAL "aflpp")
    target_link_libraries(${name} PRIVATE ${WALKRACE_AFL_DRIVER} ${WALKRACE_AFL_RUNTIME})
  endif()
endfunction()
