// no-lost-write: what a CPU writes to an address, through its TLB or through a returned reference
// that protects the page, is what later reads of that address see by either way, and what memory
// holds at the end, until it is overwritten or the user discards it.
//
// A discard may lose what overlaps it: from its begin on, a page may show zero, what it showed
// before, or what was written since; the first judged read or later write settles which. A
// reference whose page was discarded since its GUP call began protects nothing: it may be an
// orphan. One that was not discarded protects its page even while a collapse has it unmapped.
//
// What is freed lazily (MADV_FREE) may show zero from the begin of the call on, and at any later
// time until it is written again. What is written during the call is as lazy. A reference that was
// taken since keeps its page: the kernel discards none that anybody refers to. An older one does
// not: what was in swap when MADV_FREE came was discarded at once.
#ifndef WALKRACE_ORACLE_NO_LOST_WRITE_ORACLE_H_
#define WALKRACE_ORACLE_NO_LOST_WRITE_ORACLE_H_

#include "oracle/oracle.h"

namespace walkrace {

struct PageNote;

class NoLostWriteOracle final : public Oracle {
 public:
  static constexpr const char* kName = "no-lost-write";
  static constexpr Interest kInterest = {
      .notes = MaskOf(WR_NOTE_DISCARD_BEGIN, WR_NOTE_DISCARD_END, WR_NOTE_USER_READ,
                      WR_NOTE_USER_WRITE, WR_NOTE_PIN_READ, WR_NOTE_PIN_WRITE,
                      WR_NOTE_LAZY_FREE_BEGIN, WR_NOTE_LAZY_FREE_END)};
  using Oracle::Oracle;

  void Begin() override;
  void OnEvent(const Event& event, const Object& object, uint32_t index) override;
  void End() override;

 private:
  static constexpr int kValuesMax = 8;

  // A value that the page may show, and the note of the write that made it so.
  struct Value {
    uint64_t value;
    uint32_t write;
  };
  struct Page {
    uint8_t value_count;       // one: the page is certain
    uint8_t discards;          // in progress
    bool lazy;                 // freed lazily: it may become zero until it shows zero or is written
    bool judged;               // false: more values than fit, until the next write that is certain
    uint32_t discarded_until;  // the end of the last discard; 0 for none
    Value values[kValuesMax];
  };

  void OnDiscard(const Event& event, uint32_t index);
  void OnLazyFree(const Event& event, uint32_t index);
  void OnRead(const Event& event, int page, uint32_t index);
  void OnPinAccess(const Event& event, const Object& content, int page, uint32_t index);
  void Write(Page& page, uint64_t value, uint32_t index);
  // Returns whether the page may show `value`, and if so settles that it does.
  static bool Settle(Page& page, uint64_t value);
  static void Add(Page& page, uint64_t value, uint32_t write);
  static uint32_t LastWrite(const Page& page);

  struct Pair {
    uint32_t first, second;
  };
  // The two events whose order did it. `frame` is what the page shows, or showed to the read at
  // `read` (kNoEvent at the end); `lost` is the note of the write that should be seen, or kNoEvent.
  Pair Blame(int page, uint16_t frame, uint64_t shown, uint32_t lost, uint32_t read) const;

  Page pages_[kAreaPages];
};

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_NO_LOST_WRITE_ORACLE_H_
