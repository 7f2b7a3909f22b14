// AFL++'s custom mutator library (AFL_CUSTOM_MUTATOR_LIBRARY), API of 4.04c. It is loaded into
// afl-fuzz, so it is built without instrumentation in every preset, and runs inputs on fibers: no
// thread is made there. The target is WALKRACE_TARGET; nothing is aimed at where it is not said, or
// where the target would refuse the rest.
#include <algorithm>
#include <string_view>

#include "base/random.h"
#include "byte_mutator.h"
#include "fuzz_context.h"
#include "trimmer.h"

namespace walkrace {
namespace {

constexpr size_t kOutMax = 1 << 16;
constexpr uint32_t kCrossOverOneIn = 8;

struct AflMutator {
  explicit AflMutator(unsigned seed) : random(seed) {}

  Random random;
  const char* last_change = "none";
  Trimmer trimmer;
  uint8_t out[kOutMax];
  char description[64];
};

AflMutator& Of(void* data) { return *static_cast<AflMutator*>(data); }

size_t Fuzz(AflMutator& mutator, ByteSpan in, ByteSpan other, size_t max_size) {
  const size_t capacity = max_size < kOutMax ? max_size : kOutMax;
  if (other.data != nullptr && mutator.random.OneIn(kCrossOverOneIn)) {
    mutator.last_change = "cross-over";
    return CrossOverBytes(in, other, mutator.random.Next(), mutator.out, capacity);
  }
  return MutateBytes(in, mutator.random.Next(), mutator.out, capacity, &mutator.last_change);
}

}  // namespace
}  // namespace walkrace

using walkrace::AflMutator;
using walkrace::Of;

extern "C" {

void* afl_custom_init(void* /*afl*/, unsigned seed) {
  const char* target = walkrace::Environment("WALKRACE_TARGET");
  if (*target != '\0') walkrace::ChooseFuzzContext(target).IgnoreError();
  return new AflMutator(seed);
}

void afl_custom_deinit(void* data) { delete &Of(data); }

// Returns 0 where there is nothing to run.
size_t afl_custom_fuzz(void* data, uint8_t* in, size_t size, uint8_t** out, uint8_t* other,
                       size_t other_size, size_t max_size) {
  *out = Of(data).out;
  return Fuzz(Of(data), {in, size}, {other, other_size}, max_size);
}

// Part of the name of each file that AFL++ saves: without blanks.
const char* afl_custom_describe(void* data, size_t max_size) {
  AflMutator& mutator = Of(data);
  const std::string_view change = mutator.last_change;
  const size_t size = std::min({change.size(), max_size - 1, sizeof(mutator.description) - 1});
  std::replace_copy(change.begin(), change.begin() + size, mutator.description, ' ', '-');
  mutator.description[size] = '\0';
  return mutator.description;
}

int32_t afl_custom_init_trim(void* data, uint8_t* in, size_t size) {
  return static_cast<int32_t>(Of(data).trimmer.Begin(in, size));
}

size_t afl_custom_trim(void* data, uint8_t** out) {
  *out = Of(data).out;
  return walkrace::EncodeWhatFits(Of(data).trimmer.Try(), Of(data).out, walkrace::kOutMax);
}

int32_t afl_custom_post_trim(void* data, uint8_t success) {
  return static_cast<int32_t>(Of(data).trimmer.End(success != 0));
}

}  // extern "C"
