// tlb-coherent: no CPU uses a stale translation of a freed page, and no TLB ever holds a huge and a
// small translation of one address together.
#ifndef WALKRACE_ORACLE_TLB_COHERENT_ORACLE_H_
#define WALKRACE_ORACLE_TLB_COHERENT_ORACLE_H_

#include "oracle/note_fields.h"
#include "oracle/oracle.h"

namespace walkrace {

class TlbCoherentOracle final : public Oracle {
 public:
  static constexpr const char* kName = "tlb-coherent";
  static constexpr Interest kInterest = {
      .notes =
          MaskOf(WR_NOTE_USER_READ, WR_NOTE_USER_WRITE, WR_NOTE_DISCARD_BEGIN, WR_NOTE_DISCARD_END),
      .tlb_fills = true};
  using Oracle::Oracle;

  void Begin() override;
  void OnEvent(const Event& event, const Object& object, uint32_t index) override;

 private:
  void OnFill(const Event& event, uint32_t index);
  void OnUse(const Event& event, uint16_t pfn, uint32_t index);

  bool IsBeingDiscarded(int page) const;

  // Pages [first, end) that each CPU is discarding.
  RangeNote discard_[kCpusMax] = {};
  // The frame's generation when each CPU last filled its TLB with a page.
  uint16_t generation_[kCpusMax][kAreaPages] = {};
};

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_TLB_COHERENT_ORACLE_H_
