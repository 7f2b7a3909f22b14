#include "scenario/byte_codec.h"

#include "base/check.h"
#include "machine/profiles.h"

namespace walkrace {
namespace {

// Two bits hold a CPU or a page state, three or four a backing, four a page, eight a kind; sixteen
// hold an event number.
static_assert(kCpusMax == 4 && kPagesMax == 16 && kPagesMax % 4 == 0 && kRegionsMax <= 5);
static_assert(static_cast<int>(OperationKind::kCount) < 256 && kOperationsMax < 256);
static_assert(static_cast<int>(PageState::kCount) == 3 && kStepsMax < 65536);
static_assert(kEncodedHeaderBytes == 3 + kPagesMax / 4 && kRegionsMax == 2 && kMmsMax == 2);
static_assert(static_cast<int>(Backing::kCount) <= 16);
static_assert(static_cast<int>(Backing::kDirtyTracked) < 8);  // the last that any region can have

constexpr int kLevelsBit = 2;
constexpr unsigned kThreeLevels = 128;  // beside what backs the regions
constexpr int kLastBackingBit = 3;      // there: the fourth of the last region's backing
constexpr int kHugeBit = 3;             // and one more for each further region
constexpr int kMmBit = 4;               // and as many as CPUs, but CPU 0

class ByteReader {
 public:
  ByteReader(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  bool done() const { return position_ == size_; }
  uint8_t Next() { return done() ? 0 : data_[position_++]; }

 private:
  const uint8_t* data_;
  size_t size_;
  size_t position_ = 0;
};

class ByteWriter {
 public:
  ByteWriter(uint8_t* data, size_t capacity) : data_(data), capacity_(capacity) {}
  size_t size() const { return size_; }
  void Put(unsigned value) {
    WR_CHECK(size_ < capacity_ && value < 256);
    data_[size_++] = static_cast<uint8_t>(value);
  }

 private:
  uint8_t* data_;
  size_t capacity_;
  size_t size_ = 0;
};

// States are stored as their distance from the default layout's, so that zeros are the default.
constexpr Layout kDefaultLayout;
constexpr int kStateCount = static_cast<int>(PageState::kCount);

PageState StateFromBits(int page, int bits) {
  const int base = static_cast<int>(kDefaultLayout.pages[page]);
  return static_cast<PageState>((base + bits) % kStateCount);
}

unsigned BitsFromState(int page, PageState state) {
  const int base = static_cast<int>(kDefaultLayout.pages[page]);
  return (static_cast<int>(state) - base + kStateCount) % kStateCount;
}

void DecodeHeader(ByteReader& bytes, Scenario& scenario) {
  size_t profile_count;
  Profiles(&profile_count);
  const uint8_t profile = bytes.Next();
  scenario.profile = profile == 0 ? kNoProfile : (profile - 1) % profile_count;
  const uint8_t shape = bytes.Next();
  scenario.cpu_count = (shape + 1) % kCpusMax + 1;  // 0 means 2
  for (int cpu = 1; cpu < kCpusMax; ++cpu) scenario.mm_of_cpu[cpu] = shape >> (kMmBit + cpu) & 1;
  const uint8_t backing = bytes.Next();
  Layout& layout = scenario.layout;
  layout.levels = (backing & kThreeLevels) != 0 ? 3 : 4 + (shape >> kLevelsBit & 1);
  for (int region = 0; region < kRegionsMax; ++region) {
    layout.huge[region] = (shape >> (kHugeBit + region) & 1) != 0;
    unsigned bits = backing >> (4 * region) & 7;
    if (region == kRegionsMax - 1) bits |= (backing >> kLastBackingBit & 1u) << 3;
    layout.backing[region] = static_cast<Backing>(bits % static_cast<unsigned>(Backing::kCount));
  }
  for (int page = 0; page < kPagesMax; page += 4) {
    const uint8_t states = bytes.Next();
    for (int i = 0; i < 4; ++i) {
      layout.pages[page + i] = StateFromBits(page + i, states >> (2 * i) & 3);
    }
  }
}

void EncodeHeader(const Scenario& scenario, ByteWriter& bytes) {
  bytes.Put(scenario.profile == kNoProfile ? 0 : scenario.profile + 1);
  const Layout& layout = scenario.layout;
  unsigned shape = (scenario.cpu_count + kCpusMax - 2) % kCpusMax;
  shape |= (layout.levels == 5 ? 1 : 0) << kLevelsBit;
  for (int region = 0; region < kRegionsMax; ++region) {
    shape |= (layout.huge[region] ? 1 : 0) << (kHugeBit + region);
  }
  unsigned backing = layout.levels == 3 ? kThreeLevels : 0;
  for (int region = 0; region < kRegionsMax; ++region) {
    const auto bits = static_cast<unsigned>(layout.backing[region]);
    backing |= (bits & 7) << (4 * region);
    if (region == kRegionsMax - 1) backing |= bits >> 3 << kLastBackingBit;
  }
  for (int cpu = 1; cpu < kCpusMax; ++cpu) shape |= scenario.mm_of_cpu[cpu] << (kMmBit + cpu);
  bytes.Put(shape);
  bytes.Put(backing);
  for (int page = 0; page < kPagesMax; page += 4) {
    unsigned states = 0;
    for (int i = 0; i < 4; ++i) {
      states |= BitsFromState(page + i, layout.pages[page + i]) << (2 * i);
    }
    bytes.Put(states);
  }
}

void DecodeOperations(ByteReader& bytes, OperationList& list) {
  const int count = bytes.Next() % (kOperationsMax + 1);
  for (int i = 0; i < count; ++i) {
    const uint8_t kind = bytes.Next();
    const uint8_t where = bytes.Next();
    Operation operation;
    operation.kind = static_cast<OperationKind>(kind % static_cast<int>(OperationKind::kCount));
    operation.flags = bytes.Next() & kOperationFlags;
    operation.page = where & 15;
    operation.count = (where >> 4) + 1;
    WR_CHECK(list.push_back(operation));
  }
}

void EncodeOperations(const OperationList& list, ByteWriter& bytes) {
  bytes.Put(list.size());
  for (const Operation& operation : list) {
    const int more = operation.count == 0 ? 0 : operation.count - 1;
    bytes.Put(static_cast<unsigned>(operation.kind));
    bytes.Put(operation.page | more << 4);
    bytes.Put(operation.flags);
  }
}

// The first byte of an entry for weak memory: the CPU, the amount less one, the kind, and this bit.
constexpr unsigned kMemoryEntry = 128;
constexpr unsigned kLateEntry = 64;
static_assert(kAmountMax == 16);

// REQUIRES: at least two CPUs.
Preemption DecodePreemption(ByteReader& bytes, int cpu_count) {
  WR_CHECK(cpu_count > 1);
  const uint8_t who = bytes.Next();
  const unsigned low = bytes.Next();
  const unsigned event = (low | bytes.Next() << 8) % (kStepsMax + 1);
  const int cpu = (who & 3) % cpu_count;
  if ((who & kMemoryEntry) != 0) {
    return {static_cast<uint16_t>(event == 0 ? 1 : event), static_cast<uint8_t>(cpu), 0,
            (who & kLateEntry) != 0 ? EntryKind::kLate : EntryKind::kOld,
            static_cast<uint8_t>((who >> 2 & 15) + 1)};
  }
  const int to = (cpu + 1 + (who >> 2) % (cpu_count - 1)) % cpu_count;
  return {static_cast<uint16_t>(event == 0 && cpu != 0 ? 1 : event), static_cast<uint8_t>(cpu),
          static_cast<uint8_t>(to)};
}

void EncodePreemption(const Preemption& entry, int cpu_count, ByteWriter& bytes) {
  WR_CHECK(entry.cpu < cpu_count && entry.to < cpu_count && cpu_count > 1);
  if (entry.kind == EntryKind::kPreempt) {
    const int distance = (entry.to - entry.cpu - 1 + cpu_count) % cpu_count;
    bytes.Put(entry.cpu | distance << 2);
  } else {
    bytes.Put(entry.cpu | (entry.amount - 1) << 2 | kMemoryEntry |
              (entry.kind == EntryKind::kLate ? kLateEntry : 0));
  }
  bytes.Put(entry.event & 255);
  bytes.Put(entry.event >> 8);
}

size_t EncodedSize(const Input& input) {
  size_t size = kEncodedHeaderBytes + input.schedule.size() * kEncodedPreemptionBytes;
  for (int cpu = 0; cpu < input.scenario.cpu_count; ++cpu) {
    size += 1 + input.scenario.cpus[cpu].size() * kEncodedOperationBytes;
  }
  return size;
}

}  // namespace

void DecodeBytes(const uint8_t* data, size_t size, Input& input) {
  ByteReader bytes(data, size);
  Scenario& scenario = input.scenario;
  scenario = {};
  DecodeHeader(bytes, scenario);
  for (int cpu = 0; cpu < scenario.cpu_count; ++cpu) {
    DecodeOperations(bytes, scenario.cpus[cpu]);
  }
  Normalize(scenario);
  input.schedule.clear();
  while (scenario.cpu_count > 1 && !bytes.done() && !input.schedule.full()) {
    WR_CHECK(input.schedule.push_back(DecodePreemption(bytes, scenario.cpu_count)));
  }
}

size_t EncodeBytes(const Input& input, uint8_t* data, size_t capacity) {
  if (EncodedSize(input) > capacity) return 0;
  ByteWriter bytes(data, capacity);
  EncodeHeader(input.scenario, bytes);
  for (int cpu = 0; cpu < input.scenario.cpu_count; ++cpu) {
    EncodeOperations(input.scenario.cpus[cpu], bytes);
  }
  for (const Preemption& entry : input.schedule) {
    EncodePreemption(entry, input.scenario.cpu_count, bytes);
  }
  return bytes.size();
}

}  // namespace walkrace
