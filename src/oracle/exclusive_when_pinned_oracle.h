// exclusive-when-pinned: an anonymous page with a returned pin (FOLL_PIN) is exclusive to its mm:
// no copy-on-write takes it away from its pin.
//
// Judged when GUP returns the page, which is after the fork seqcount test (a pin that GUP takes and
// puts back on the way may fall on anything), and when somebody takes the exclusiveness away from a
// page that is pinned. FOLL_GET promises nothing: fork may share such a page, and a write may copy
// away from it. Nor is a page of a file judged.
#ifndef WALKRACE_ORACLE_EXCLUSIVE_WHEN_PINNED_ORACLE_H_
#define WALKRACE_ORACLE_EXCLUSIVE_WHEN_PINNED_ORACLE_H_

#include "oracle/oracle.h"

namespace walkrace {

class ExclusiveWhenPinnedOracle final : public Oracle {
 public:
  static constexpr const char* kName = "exclusive-when-pinned";
  static constexpr Interest kInterest = {.notes = MaskOf(WR_NOTE_PAGE_RETURNED),
                                         .writes = MaskOf(ObjectKind::kPageFlags)};
  using Oracle::Oracle;

  void Begin() override {}
  void OnEvent(const Event& event, const Object& object, uint32_t index) override;

 private:
  void OnReturned(const Event& event);
  void OnCleared(const Event& event, uint16_t pfn, uint32_t index);
};

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_EXCLUSIVE_WHEN_PINNED_ORACLE_H_
