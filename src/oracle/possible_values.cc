#include "oracle/possible_values.h"

#include "oracle/oracle.h"

namespace walkrace {

void PossibleValues::Write(uint64_t value, uint32_t write) {
  if (discards_ > 0) {
    Add(value, write);
    return;
  }
  open_ = lazy_ = false;
  judged_ = true;
  count_ = 1;
  values_[0] = {value, write};
}

void PossibleValues::Add(uint64_t value, uint32_t write) {
  for (int i = 0; i < count_; ++i) {
    if (values_[i].value == value) return;
  }
  if (count_ == kValuesMax) {
    judged_ = false;
    return;
  }
  values_[count_++] = {value, write};
}

bool PossibleValues::Settle(uint64_t value) {
  for (int i = 0; i < count_; ++i) {
    if (values_[i].value != value) continue;
    if (open_) return true;
    values_[0] = values_[i];
    count_ = 1;
    // Not zero yet: it may still become so.
    if (value == 0) lazy_ = false;
    if (lazy_) values_[count_++] = {0, kNoEvent};
    return true;
  }
  return false;
}

void PossibleValues::BeginDiscard() {
  ++discards_;
  Add(0, kNoEvent);
}

void PossibleValues::EndDiscard(uint32_t index) {
  if (discards_ == 0) return;
  --discards_;
  discarded_until_ = index;
}

void PossibleValues::FreeLazily() {
  BeginDiscard();
  lazy_ = true;
}

void PossibleValues::ForgetBefore(uint32_t begin) {
  int kept = 0;
  for (int i = 0; i < count_; ++i) {
    const bool since = values_[i].write != kNoEvent && values_[i].write > begin;
    if (values_[i].value == 0 || since) values_[kept++] = values_[i];
  }
  if (kept == 0) values_[kept++] = {0, kNoEvent};
  count_ = static_cast<uint8_t>(kept);
}

void PossibleValues::CopyFrom(const PossibleValues& other, bool with_discards) {
  const uint8_t discards = discards_;
  const uint32_t discarded_until = discarded_until_;
  *this = other;
  if (with_discards) return;
  judged_ = other.judged_ && other.discards_ == 0;
  discards_ = discards;
  discarded_until_ = discarded_until;
}

uint32_t PossibleValues::LastWrite() const {
  uint32_t last = kNoEvent;
  for (int i = 0; i < count_; ++i) {
    const uint32_t write = values_[i].write;
    if (write != kNoEvent && (last == kNoEvent || write > last)) last = write;
  }
  return last;
}

}  // namespace walkrace
