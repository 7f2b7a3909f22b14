// no-stale-page: each page that GUP returns is the very allocation that this mm mapped at that
// address at some moment of the call, with the rights that the call asked for, and the reference
// is on the folio that owns it.
#ifndef WALKRACE_ORACLE_NO_STALE_PAGE_ORACLE_H_
#define WALKRACE_ORACLE_NO_STALE_PAGE_ORACLE_H_

#include "oracle/oracle.h"

namespace walkrace {

struct Reference;

class NoStalePageOracle final : public Oracle {
 public:
  static constexpr const char* kName = "no-stale-page";
  static constexpr Interest kInterest = {.notes = MaskOf(WR_NOTE_GUP_BEGIN, WR_NOTE_PAGE_RETURNED),
                                         .writes = MaskOf(ObjectKind::kRefcount)};
  using Oracle::Oracle;

  void Begin() override;
  void OnEvent(const Event& event, const Object& object, uint32_t index) override;

 private:
  void OnReturned(const Event& event, uint32_t index);
  uint32_t FindMove(const Reference& reference) const;
  void ReportStale(const Event& at, const Reference& reference);

  // Folios whose count each CPU has raised since its call began; bit n: head pfn n.
  uint64_t raised_[kCpusMax] = {};
};

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_NO_STALE_PAGE_ORACLE_H_
