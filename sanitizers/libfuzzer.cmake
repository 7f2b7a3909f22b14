# libFuzzer without a sanitizer: the fastest search; invariants are the judges.
set(WALKRACE_FUZZER libfuzzer)
set(WALKRACE_INSTRUMENTED_FLAGS -fsanitize=fuzzer-no-link)
set(WALKRACE_LTO ON)
