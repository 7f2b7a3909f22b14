# ThreadSanitizer: runtime in every binary, instrumentation in the code under test only.
set(WALKRACE_TSAN ON)
set(WALKRACE_INSTRUMENTED_FLAGS -fsanitize=thread)
set(WALKRACE_LINK_FLAGS -fsanitize=thread)
