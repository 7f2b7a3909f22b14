// no-pinned-page-freed: nobody replaces or frees a page after a check of its counts that missed a
// reference which GUP returned.
//
// A mutator that saw "nobody" and a GUP that returned success never both win: not when the
// reference was there at the check, not when it came between the check and the replacement and
// was put back again, not when a call that was on its way at the replacement returns the page
// after all. What a check must count (any reference, or pins alone) is in its note. The user's own
// unmap makes no check and is not judged. Nor is FOLL_GET on an anonymous page that fork or KSM
// shares, until the page is exclusive again: such a reference keeps nobody from copying away from
// it.
#ifndef WALKRACE_ORACLE_NO_PINNED_PAGE_FREED_ORACLE_H_
#define WALKRACE_ORACLE_NO_PINNED_PAGE_FREED_ORACLE_H_

#include "oracle/oracle.h"
#include "oracle/reference_history.h"

namespace walkrace {

class NoPinnedPageFreedOracle final : public Oracle {
 public:
  static constexpr const char* kName = "no-pinned-page-freed";
  static constexpr Interest kInterest = {
      .notes =
          MaskOf(WR_NOTE_OP_BEGIN, WR_NOTE_PAGE_RETURNED, WR_NOTE_PAGE_PUT, WR_NOTE_UNMAP_BEGIN,
                 WR_NOTE_COUNT_CHECK, WR_NOTE_PAGE_REPLACED, WR_NOTE_BACKED_OFF,
                 WR_NOTE_MUTATOR_END, WR_NOTE_FOLIO_ALLOC, WR_NOTE_FOLIO_FREE, WR_NOTE_FORK_COPIED),
      .writes = MaskOf(ObjectKind::kPageFlags)};
  using Oracle::Oracle;

  void Begin() override;
  void OnEvent(const Event& event, const Object& object, uint32_t index) override;

 private:
  // What the mutator on one CPU has looked at, by area page.
  struct Mutator {
    uint32_t unmap_begin;
    uint32_t was_exclusive;             // bit n: area page n, when it began to unmap it
    uint32_t checked[WR_COUNTS_KINDS];  // by what was counted; bit n: area page n
    struct Check {
      uint32_t event;
      uint16_t pfn;
    } check[WR_COUNTS_KINDS][kAreaPages];
  };
  struct Replacement {
    uint32_t event;
    uint32_t check;  // the check that it stands on, or where that should have been
    uint16_t generation;
    uint8_t cpu, area_page;
    uint32_t counts;      // a wr_counts: what the check had to count
    uint32_t area_pages;  // bit n: area page n, of those that one unmap has replaced
    uint32_t unmap_begin;
  };
  struct Put {
    uint32_t event;
    Reference reference;
  };

  void Forget(CpuId cpu);
  void OnUnmapBegin(const Event& event, uint32_t index);
  void OnCheck(const Event& event, uint32_t index);
  static uint32_t CheckOf(const Mutator& mutator, uint32_t counts, uint16_t pfn, uint32_t index);
  void OnReplaced(const Event& event, uint32_t index);
  bool IsOfAnotherPage(const Reference& reference, uint16_t pfn) const;
  const Reference* FindHeld(uint16_t pfn, uint16_t head, uint32_t counts) const;
  const Put* FindPut(uint16_t pfn, uint16_t head, uint32_t counts, uint32_t after) const;
  void OnReturned(const Event& event);
  void OnPut(uint32_t index);
  void OnForkCopied(const Event& event);
  void OnFree(const Event& event, const Object& object, uint32_t index);
  void ReportMissed(const Event& at, const Replacement& replacement, const Reference& reference,
                    const char* what_became_of_it);

  Mutator mutators_[kCpusMax];
  // By frame, of its present allocation; bit n of the masks: frame n has one.
  uint64_t replaced_ = 0;
  uint64_t shared_ = 0;                    // by a fork, and not exclusive since
  uint64_t put_[WR_COUNTS_KINDS] = {};     // by wr_counts
  Replacement replacements_[kFramesMax];   // by the page's own frame
  Put puts_[WR_COUNTS_KINDS][kFramesMax];  // the last put that counts so, by the page
};

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_NO_PINNED_PAGE_FREED_ORACLE_H_
