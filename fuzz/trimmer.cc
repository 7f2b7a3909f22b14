#include "trimmer.h"

#include "base/check.h"
#include "scenario/byte_codec.h"

namespace walkrace {
namespace {

bool FitsInto(const Input& input, size_t size) {
  static uint8_t bytes[kEncodedBytesMax];
  return EncodeBytes(input, bytes, size < kEncodedBytesMax ? size : kEncodedBytesMax) != 0;
}

}  // namespace

size_t Trimmer::Begin(const uint8_t* data, size_t size) {
  DecodeBytes(data, size, whole_);
  step_ = steps_ = 0;
  if (!FitsInto(whole_, size)) return 0;
  steps_ = preemptions_ = whole_.schedule.size();
  for (int cpu = 0; cpu < kCpusMax; ++cpu) {
    operations_[cpu] = whole_.scenario.cpus[cpu].size();
    steps_ += operations_[cpu];
  }
  return steps_;
}

// Each list is walked from its end, so that indices of what is to come stay as they are.
Trimmer::Part Trimmer::PartOf(size_t step) const {
  if (step < preemptions_) return {-1, preemptions_ - 1 - step};
  step -= preemptions_;
  int cpu = kCpusMax - 1;
  while (step >= operations_[cpu]) step -= operations_[cpu--];
  return {cpu, operations_[cpu] - 1 - step};
}

Input& Trimmer::Try() {
  WR_CHECK(step_ < steps_);
  tried_ = whole_;
  const Part part = PartOf(step_);
  if (part.cpu < 0) {
    tried_.schedule.erase(part.index);
  } else {
    tried_.scenario.cpus[part.cpu].erase(part.index);
  }
  return tried_;
}

size_t Trimmer::End(bool keep) {
  if (keep) whole_ = tried_;
  return ++step_;
}

}  // namespace walkrace
