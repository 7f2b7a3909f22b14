// no-forbidden-page: GUP returns no page that it must refuse for what the page is: secretmem to
// nobody; one of a file whose filesystem keeps track of dirty pages to no long-term pin for
// writing.
//
// Judged when a page is returned, by what the page belongs to then: one that was truncated
// meanwhile belongs to nothing.
#ifndef WALKRACE_ORACLE_NO_FORBIDDEN_PAGE_ORACLE_H_
#define WALKRACE_ORACLE_NO_FORBIDDEN_PAGE_ORACLE_H_

#include "oracle/oracle.h"

namespace walkrace {

class NoForbiddenPageOracle final : public Oracle {
 public:
  static constexpr const char* kName = "no-forbidden-page";
  static constexpr Interest kInterest = {.notes = MaskOf(WR_NOTE_PAGE_RETURNED)};
  using Oracle::Oracle;

  void Begin() override {}
  void OnEvent(const Event& event, const Object& object, uint32_t index) override;
};

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_NO_FORBIDDEN_PAGE_ORACLE_H_
