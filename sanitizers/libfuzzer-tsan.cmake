# libFuzzer under ThreadSanitizer.
set(WALKRACE_FUZZER libfuzzer)
set(WALKRACE_TSAN ON)
set(WALKRACE_INSTRUMENTED_FLAGS -fsanitize=fuzzer-no-link,thread)
set(WALKRACE_LINK_FLAGS -fsanitize=thread)
