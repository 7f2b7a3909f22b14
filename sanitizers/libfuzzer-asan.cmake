# libFuzzer under AddressSanitizer and UndefinedBehaviorSanitizer: for the codec target.
set(WALKRACE_FUZZER libfuzzer)
set(WALKRACE_ALL_FLAGS -fsanitize=address,undefined -fno-sanitize-recover=undefined)
set(WALKRACE_INSTRUMENTED_FLAGS -fsanitize=fuzzer-no-link)
