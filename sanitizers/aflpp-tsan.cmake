# AFL++ persistent mode under ThreadSanitizer.
set(WALKRACE_FUZZER aflpp)
set(WALKRACE_TSAN ON)
set(WALKRACE_INSTRUMENTED_FLAGS -fsanitize-coverage=trace-pc-guard -fsanitize=thread)
set(WALKRACE_LINK_FLAGS -fsanitize=thread)
