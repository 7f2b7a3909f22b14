# AddressSanitizer and UndefinedBehaviorSanitizer over everything: parsers and engine included.
set(WALKRACE_ALL_FLAGS -fsanitize=address,undefined -fno-sanitize-recover=undefined)
