// libFuzzer's custom mutator and cross-over, for the targets that run scenarios.
#include "byte_mutator.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace {

constexpr unsigned kPlainBytesOneIn = 1024;  // leave an input to libFuzzer's own mutations

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  if (seed % kPlainBytesOneIn == 0) return LLVMFuzzerMutate(data, size, max_size);
  const char* description;
  const size_t mutated = walkrace::MutateBytes({data, size}, seed, data, max_size, &description);
  return mutated != 0 ? mutated : LLVMFuzzerMutate(data, size, max_size);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* data1, size_t size1,
                                            const uint8_t* data2, size_t size2, uint8_t* out,
                                            size_t max_out_size, unsigned seed) {
  return walkrace::CrossOverBytes({data1, size1}, {data2, size2}, seed, out, max_out_size);
}
