#include "engine/step_order.h"

#include <algorithm>

namespace walkrace {
namespace {

uint64_t Mix(uint64_t hash, uint64_t value) {
  hash ^= value + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2);
  hash ^= hash >> 30;
  hash *= 0xbf58476d1ce4e5b9u;
  hash ^= hash >> 27;
  hash *= 0x94d049bb133111ebu;
  return hash ^ (hash >> 31);
}

void MixInto(ClassHash* hash, uint64_t value) {
  hash->low = Mix(hash->low, value);
  hash->high = Mix(hash->high, value ^ 0x5851f42d4c957f2du);
}

}  // namespace

void StepOrder::Truncate(size_t size) {
  size_ = std::min(size_, size);
  for (auto& positions : of_cpu_) {
    while (!positions.empty() && positions.back() >= size_) positions.pop_back();
  }
}

Step& StepOrder::Next() {
  if (records_.size() == size_) records_.emplace_back();
  return records_[size_].step;
}

void StepOrder::Add() {
  Record& record = records_[size_];
  const CpuId self = record.step.cpu;
  record.clock = ClockOf(self);
  FindLastConflicts(record.step, record.clock);
  for (const size_t position : last_conflicts_) {
    if (position != kNoStep) record.clock.Join(clock(position));
  }
  record.hash = {};
  MixInto(&record.hash, self);
  MixInto(&record.hash, of_cpu_[self].size());
  for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) {
    const uint32_t known = record.clock.of[cpu];
    MixInto(&record.hash, known == 0 ? 0 : records_[known - 1].hash.low);
    MixInto(&record.hash, known == 0 ? 0 : records_[known - 1].hash.high);
  }
  of_cpu_[self].push_back(static_cast<uint32_t>(size_));
  record.clock.of[self] = static_cast<uint32_t>(++size_);
}

Clock StepOrder::ClockBefore(size_t position, CpuId cpu) const {
  const auto& positions = of_cpu_[cpu];
  size_t i = positions.size();
  while (i > 0 && positions[i - 1] >= position) --i;
  return i == 0 ? Clock() : clock(positions[i - 1]);
}

size_t StepOrder::NextOf(CpuId cpu, size_t position) const {
  const auto& positions = of_cpu_[cpu];
  const auto place = std::lower_bound(positions.begin(), positions.end(), position);
  return place == positions.end() ? size_ : *place;
}

void StepOrder::FindLastConflicts(const Step& step, const Clock& known) {
  for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) {
    last_conflicts_[cpu] = kNoStep;
    if (cpu == step.cpu) continue;
    const auto& positions = of_cpu_[cpu];
    for (size_t i = positions.size(); i > 0 && positions[i - 1] >= known.of[cpu]; --i) {
      const size_t position = positions[i - 1];
      if (!this->step(position).footprint.Conflicts(step.footprint)) continue;
      last_conflicts_[cpu] = position;
      break;
    }
  }
}

ClassHash StepOrder::Class() const {
  ClassHash hash;
  for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) {
    const auto& positions = of_cpu_[cpu];
    MixInto(&hash, positions.empty() ? 0 : records_[positions.back()].hash.low);
    MixInto(&hash, positions.empty() ? 0 : records_[positions.back()].hash.high);
  }
  return hash;
}

}  // namespace walkrace
