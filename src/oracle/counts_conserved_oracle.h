// counts-conserved: references, pins and map counts add up at the end, are never negative, and a
// reference is never taken on a count of zero except by the allocator.
#ifndef WALKRACE_ORACLE_COUNTS_CONSERVED_ORACLE_H_
#define WALKRACE_ORACLE_COUNTS_CONSERVED_ORACLE_H_

#include "oracle/oracle.h"

namespace walkrace {

class CountsConservedOracle final : public Oracle {
 public:
  static constexpr const char* kName = "counts-conserved";
  static constexpr Interest kInterest = {
      .notes = MaskOf(WR_NOTE_FOLIO_ALLOC, WR_NOTE_FOLIO_FREE),
      .writes = MaskOf(ObjectKind::kRefcount, ObjectKind::kMapcount, ObjectKind::kPincount)};
  using Oracle::Oracle;

  void Begin() override;
  void OnEvent(const Event& event, const Object& object, uint32_t index) override;
  void End() override;

 private:
  struct Expected;  // what each frame's counts must be at the end

  void OnCount(const Event& event, const Object& object, uint32_t index);
  void Freeze(uint16_t head, CpuId cpu);
  // Frames whose counts or mappings this run has changed: the others are as they were set up.
  uint64_t ChangedFrames() const;
  void CountMappings(Expected* expected) const;
  static void CountCaches(Expected* expected);
  void CountReferences(Expected* expected) const;
  // Returns whether all is well.
  bool JudgeFolio(uint16_t head, const Expected& expected);

  uint64_t touched_ = 0;  // bit n: a count of frame n was written, or the frame (de)allocated
  uint64_t fresh_ = 0;    // bit n: allocated, and its first reference is still to be set ...
  uint8_t fresh_by_[kFramesMax] = {};  // ... by this CPU
  uint64_t frozen_ = 0;  // bit n: zero by a compare-and-exchange, for the same CPU to raise again
  uint8_t frozen_by_[kFramesMax] = {};
};

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_COUNTS_CONSERVED_ORACLE_H_
