#include "byte_mutator.h"

#include "base/random.h"
#include "fuzz_context.h"
#include "scenario/byte_codec.h"
#include "scenario/mutate.h"

namespace walkrace {
namespace {

constexpr uint32_t kDrawAnewOneIn = 1024;

bool ProfileIsFixed() {
  const FuzzContext* context = TheFuzzContext();
  return context != nullptr && context->profile_is_fixed;
}

Mix TheMix() {
  const FuzzContext* context = TheFuzzContext();
  return context == nullptr ? Mix::kCollapse : context->resolved.target->mix;
}

bool HasOperations(const Scenario& scenario) {
  for (const OperationList& operations : scenario.cpus) {
    if (!operations.empty()) return true;
  }
  return false;
}

bool MemoryIsWeak() {
  const FuzzContext* const context = TheFuzzContext();
  return context != nullptr && context->resolved.run.memory != MemoryKind::kSc;
}

void DrawAnew(uint64_t seed, Scenario& scenario) {
  const uint8_t profile = scenario.profile;
  DrawScenario(TheMix(), seed, scenario);
  scenario.profile = profile;
}

}  // namespace

size_t EncodeWhatFits(Input& input, uint8_t* out, size_t capacity) {
  if (ProfileIsFixed()) input.scenario.profile = kNoProfile;
  size_t size = EncodeBytes(input, out, capacity);
  while (size == 0 && !input.schedule.empty()) {
    input.schedule.truncate(input.schedule.size() / 2);
    size = EncodeBytes(input, out, capacity);
  }
  return size;
}

size_t MutateBytes(ByteSpan in, uint64_t seed, uint8_t* out, size_t capacity,
                   const char** description) {
  static Input& input = *new Input();
  DecodeBytes(in.data, in.size, input);
  Random random(seed);
  if (!HasOperations(input.scenario) || random.OneIn(kDrawAnewOneIn)) {
    DrawAnew(random.Next(), input.scenario);
    Normalize(input);  // the schedule may name CPUs that are gone
    *description = "draw-scenario";
  } else {
    *description = Mutate(input, TheMix(), random.Next(), TheAims(), MemoryIsWeak());
  }
  return EncodeWhatFits(input, out, capacity);
}

size_t CrossOverBytes(ByteSpan a, ByteSpan b, uint64_t seed, uint8_t* out, size_t capacity) {
  static Input& first = *new Input();
  static Input& second = *new Input();
  static Input& child = *new Input();
  DecodeBytes(a.data, a.size, first);
  DecodeBytes(b.data, b.size, second);
  CrossOver(first, second, seed, child);
  return EncodeWhatFits(child, out, capacity);
}

}  // namespace walkrace
