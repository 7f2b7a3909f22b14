// libFuzzer's own mutations of bytes, and in between those that know what an input is.
#include <cstdint>

#include "target/mutate.h"

extern "C" {

// libFuzzer's.
size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t size_max);

size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t size_max, unsigned int seed) {
  using namespace walkrace;
  Random random(seed);
  if (random.OneIn(4)) return LLVMFuzzerMutate(data, size, size_max);
  static TargetInput& input = *new TargetInput();
  DecodeTargetInput(walkrace_target, data, size, input);
  MutateTargetInput(walkrace_target, random, input);
  return EncodeTargetInput(walkrace_target, input, data, size_max);
}

}  // extern "C"
