#include "target/mutate.h"

namespace walkrace {
namespace {

constexpr uint32_t kChangesMax = 3;
constexpr uint32_t kFirstEvents = 32;
constexpr int kShiftMax = 3;

uint32_t Below(Random& random, size_t bound) { return random.Below(static_cast<uint32_t>(bound)); }

TargetCall& AnyCall(TargetInput& input, Random& random) {
  auto& calls = input.calls[Below(random, input.cpu_count)];
  return calls[Below(random, calls.size())];
}

TargetCall DrawCall(const wr_target& target, Random& random) {
  const uint32_t operation = Below(random, target.operation_count);
  const uint32_t arguments = target.operations[operation].arguments;
  return {static_cast<uint8_t>(operation),
          static_cast<uint8_t>(arguments == 0 ? 0 : Below(random, arguments))};
}

void ShareArgument(const wr_target& target, Random& random, TargetInput& input) {
  const uint8_t argument = AnyCall(input, random).argument;
  TargetCall& call = AnyCall(input, random);
  if (argument < target.operations[call.operation].arguments) call.argument = argument;
}

void AddOrRemoveCall(const wr_target& target, Random& random, TargetInput& input) {
  auto& calls = input.calls[Below(random, input.cpu_count)];
  const bool remove = calls.size() == kDecodedCallsMax || (calls.size() > 1 && random.OneIn(2));
  if (remove) {
    calls.erase(Below(random, calls.size()));
  } else {
    WR_CHECK(calls.insert(Below(random, calls.size() + 1), DrawCall(target, random)));
  }
}

void AddPreemption(Random& random, TargetInput& input) {
  if (input.schedule.size() == kDecodedPreemptionsMax) return;
  WR_CHECK(input.schedule.push_back({static_cast<uint16_t>(random.Below(kFirstEvents)),
                                     static_cast<uint8_t>(Below(random, input.cpu_count)),
                                     static_cast<uint8_t>(Below(random, input.cpu_count))}));
}

void ShiftPreemption(Random& random, TargetInput& input) {
  if (input.schedule.empty()) return;
  uint16_t& event = input.schedule[Below(random, input.schedule.size())].event;
  const int shifted = event + static_cast<int>(random.Below(2 * kShiftMax + 1)) - kShiftMax;
  if (shifted >= 0 && shifted <= kDecodedEventMax) event = static_cast<uint16_t>(shifted);
}

void RemovePreemption(Random& random, TargetInput& input) {
  if (!input.schedule.empty()) input.schedule.erase(Below(random, input.schedule.size()));
}

void ChangeOnce(const wr_target& target, Random& random, TargetInput& input) {
  switch (random.Below(8)) {
    case 0:
    case 1:
      return ShareArgument(target, random, input);
    case 2:
      AnyCall(input, random) = DrawCall(target, random);
      return;
    case 3:
      return AddOrRemoveCall(target, random, input);
    case 4:
    case 5:
      return AddPreemption(random, input);
    case 6:
      return ShiftPreemption(random, input);
    default:
      return RemovePreemption(random, input);
  }
}

}  // namespace

void MutateTargetInput(const wr_target& target, Random& random, TargetInput& input) {
  for (uint32_t i = 1 + random.Below(kChangesMax); i > 0; --i) ChangeOnce(target, random, input);
}

}  // namespace walkrace
