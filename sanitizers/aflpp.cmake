# AFL++ persistent mode. Debian's wrapper drives clang 14, so clang 19 is called directly with
# the coverage callbacks that afl-compiler-rt implements.
set(WALKRACE_FUZZER aflpp)
set(WALKRACE_INSTRUMENTED_FLAGS -fsanitize-coverage=trace-pc-guard)
set(WALKRACE_LTO ON)
