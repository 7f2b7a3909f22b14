// What one page of user memory may show: one value when all is certain, several while a discard, a
// fork or a lazy free leaves it open which. For no-lost-write.
#ifndef WALKRACE_ORACLE_POSSIBLE_VALUES_H_
#define WALKRACE_ORACLE_POSSIBLE_VALUES_H_

#include <cstdint>

namespace walkrace {

class PossibleValues {
 public:
  // The page shows this, for certain.
  void Reset(uint64_t value) {
    count_ = 1;
    discards_ = 0;
    open_ = lazy_ = false;
    judged_ = true;
    discarded_until_ = 0;
    values_[0] = {value, kNoWrite};
  }

  // A write, by its note. While a discard is in progress it may be lost.
  void Write(uint64_t value, uint32_t write);
  // A write, or zero, that may show or not.
  void Add(uint64_t value, uint32_t write);
  // Returns whether the page may show `value`, and if so settles that it does, as far as that can
  // be settled.
  bool Settle(uint64_t value);

  void BeginDiscard();
  void EndDiscard(uint32_t index);
  // MADV_FREE: it may become zero until it shows zero or is written.
  void FreeLazily();
  // What the page showed before `begin` is gone: zero is left, and what was written since.
  void ForgetBefore(uint32_t begin);
  // A write may show or not, now and later: a read settles nothing until the next certain write.
  void Open() { open_ = true; }
  // Takes over what another page may show (fork, mremap).
  void CopyFrom(const PossibleValues& other, bool with_discards);
  void set_discarded_until(uint32_t index) { discarded_until_ = index; }

  bool judged() const { return judged_ && discards_ == 0; }
  bool judged_at_end() const { return judged_; }
  // Whether a reference from a call that began at `gup_begin` may be an orphan.
  bool DiscardedSince(uint32_t gup_begin) const {
    return discards_ > 0 || discarded_until_ > gup_begin;
  }
  uint32_t discarded_until() const { return discarded_until_; }
  bool certain() const { return count_ == 1; }
  uint64_t first() const { return values_[0].value; }
  uint32_t LastWrite() const;  // the youngest note among the values, or kNoEvent

 private:
  static constexpr int kValuesMax = 8;
  static constexpr uint32_t kNoWrite = UINT32_MAX;  // kNoEvent

  // A value, and the note of the write that made it so.
  struct Value {
    uint64_t value;
    uint32_t write;
  };

  uint8_t count_;     // of values_
  uint8_t discards_;  // in progress
  bool open_;
  bool lazy_;
  bool judged_;               // false: more values than fit, until the next write that is certain
  uint32_t discarded_until_;  // the end of the last discard; 0 for none
  Value values_[kValuesMax];
};

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_POSSIBLE_VALUES_H_
