#include "target/input.h"

#include <algorithm>

#include "base/random.h"

namespace walkrace {
namespace {

constexpr uint32_t kDrawnCallsMax = 3;
constexpr uint32_t kFavourites = 2;

class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  uint32_t Next() { return at_ < size_ ? data_[at_++] : 0; }
  bool empty() const { return at_ >= size_; }

 private:
  const uint8_t* data_;
  size_t size_;
  size_t at_ = 0;
};

int CpusMinOf(const wr_target& target) { return CpusMaxOf(target) < 2 ? 1 : 2; }

TargetCall CallOf(const wr_target& target, uint32_t operation, uint32_t argument) {
  operation %= static_cast<uint32_t>(target.operation_count);
  const uint32_t arguments = target.operations[operation].arguments;
  argument = arguments == 0 ? 0 : argument % arguments;
  return {static_cast<uint8_t>(operation), static_cast<uint8_t>(argument)};
}

// Half of all bytes mean one of a CPU's first events: most operations are short.
uint32_t EventOf(uint32_t low, uint32_t nibble) {
  if (nibble < 8) return low % 32;
  if (nibble < 12) return low;
  return low + (nibble - 11) * 256;
}

// Bytes for EventOf: the low one, and the nibble.
struct EventBytes {
  uint8_t low;
  uint8_t nibble;
};
EventBytes BytesOf(int event) {
  if (event < 32) return {static_cast<uint8_t>(event), 0};
  if (event < 256) return {static_cast<uint8_t>(event), 8};
  return {static_cast<uint8_t>(event % 256), static_cast<uint8_t>(11 + event / 256)};
}

void Clear(TargetInput& input) {
  for (auto& calls : input.calls) calls.clear();
  input.schedule.clear();
}

}  // namespace

int CpusMaxOf(const wr_target& target) { return target.cpus_max == 0 ? 2 : target.cpus_max; }

size_t CallCount(const TargetInput& input) {
  size_t count = 0;
  for (const auto& calls : input.calls) count += calls.size();
  return count;
}

void DecodeTargetInput(const wr_target& target, const uint8_t* data, size_t size,
                       TargetInput& input) {
  Clear(input);
  Bytes bytes(data, size);
  const int least = CpusMinOf(target);
  input.cpu_count = least + static_cast<int>(bytes.Next() % (CpusMaxOf(target) - least + 1));
  for (int cpu = 0; cpu < input.cpu_count; ++cpu) {
    const size_t count = 1 + bytes.Next() % kDecodedCallsMax;
    for (size_t i = 0; i < count; ++i) {
      const uint32_t operation = bytes.Next();
      WR_CHECK(input.calls[cpu].push_back(CallOf(target, operation, bytes.Next())));
    }
  }
  while (!bytes.empty() && input.schedule.size() < kDecodedPreemptionsMax) {
    const uint32_t low = bytes.Next();
    const uint32_t high = bytes.Next();
    WR_CHECK(input.schedule.push_back({static_cast<uint16_t>(EventOf(low, high >> 4)),
                                       static_cast<uint8_t>((high & 3) % input.cpu_count),
                                       static_cast<uint8_t>((high >> 2 & 3) % input.cpu_count)}));
  }
}

size_t EncodeTargetInput(const wr_target& target, const TargetInput& input, uint8_t* data,
                         size_t size_max) {
  size_t size = 0;
  const auto put = [&](size_t byte) {
    if (size < size_max) data[size++] = static_cast<uint8_t>(byte);
  };
  put(input.cpu_count - CpusMinOf(target));
  for (int cpu = 0; cpu < input.cpu_count; ++cpu) {
    const auto& calls = input.calls[cpu];
    const size_t count = std::min(calls.size(), kDecodedCallsMax);
    put(count == 0 ? 0 : count - 1);
    for (size_t i = 0; i < count; ++i) {
      put(calls[i].operation);
      put(calls[i].argument);
    }
  }
  size_t left = kDecodedPreemptionsMax;
  for (const Preemption& entry : input.schedule) {
    if (left == 0 || entry.event > kDecodedEventMax || size + 2 > size_max) continue;
    const EventBytes bytes = BytesOf(entry.event);
    put(bytes.low);
    put(bytes.nibble << 4 | entry.to << 2 | entry.cpu);
    --left;
  }
  return size;
}

void DrawTargetInput(const wr_target& target, uint64_t seed, TargetInput& input) {
  Clear(input);
  Random random(seed);
  const int least = CpusMinOf(target);
  input.cpu_count = least + static_cast<int>(random.Below(CpusMaxOf(target) - least + 1));
  // Operations on different objects do not meet: a few arguments are drawn again and again.
  uint32_t favourites[kFavourites];
  for (uint32_t& favourite : favourites) favourite = random.Below(256);
  for (int cpu = 0; cpu < input.cpu_count; ++cpu) {
    const uint32_t count = 1 + random.Below(kDrawnCallsMax);
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t operation = random.Below(256);
      const uint32_t argument =
          random.OneIn(4) ? random.Below(256) : favourites[random.Below(kFavourites)];
      WR_CHECK(input.calls[cpu].push_back(CallOf(target, operation, argument)));
    }
  }
}

void RemoveCpu(TargetInput& input, int cpu) {
  WR_CHECK(cpu < input.cpu_count && input.cpu_count > 1);
  for (int i = cpu; i + 1 < input.cpu_count; ++i) input.calls[i] = input.calls[i + 1];
  input.calls[--input.cpu_count].clear();
  Schedule left;
  for (Preemption entry : input.schedule) {
    if (entry.cpu == cpu || entry.to == cpu) continue;
    if (entry.cpu > cpu) --entry.cpu;
    if (entry.to > cpu) --entry.to;
    WR_CHECK(left.push_back(entry));
  }
  input.schedule = left;
}

}  // namespace walkrace
