// no-lost-write: what a CPU writes to an address, through its TLB or through a returned reference
// that protects the page, is what later reads of that address see by either way, and what memory
// holds at the end, until it is overwritten or the user discards it.
//
// A discard may lose what overlaps it: from its begin on, a page may show zero, what it showed
// before, or what was written since; from its end on, zero or what was written since its begin; the
// first judged read or later write settles which. What the user discarded must not come back. A
// reference whose page was discarded since its GUP call began protects nothing: it may be an
// orphan. One that was not discarded protects its page even while a collapse has it unmapped.
//
// What is freed lazily (MADV_FREE) may show zero from the begin of the call on, and at any later
// time until it is written again. What is written during the call is as lazy. A reference that was
// taken since keeps its page: the kernel discards none that anybody refers to. An older one does
// not: what was in swap when MADV_FREE came was discarded at once.
//
// Copy-on-write: a child's page shows what its parent's showed when fork gave it, and goes its own
// way then; until fork has flushed the parent's TLBs, a write of the parent's to the shared frame
// shows in both. FOLL_GET on a page that is shared protects nothing: a write may copy away from it
// before or after; what is written through it may show wherever the frame is mapped, or not.
//
// mremap takes what a page shows, and the references to it, to the new address. What a file's pages
// show is the same at each of their addresses, in each mm. A page that was truncated away from its
// file shows nowhere; what is written through a reference to it is lost.
#ifndef WALKRACE_ORACLE_NO_LOST_WRITE_ORACLE_H_
#define WALKRACE_ORACLE_NO_LOST_WRITE_ORACLE_H_

#include "oracle/oracle.h"
#include "oracle/possible_values.h"

namespace walkrace {

struct Reference;

class NoLostWriteOracle final : public Oracle {
 public:
  static constexpr const char* kName = "no-lost-write";
  static constexpr Interest kInterest = {
      .notes =
          MaskOf(WR_NOTE_DISCARD_BEGIN, WR_NOTE_DISCARD_END, WR_NOTE_USER_READ, WR_NOTE_USER_WRITE,
                 WR_NOTE_PIN_READ, WR_NOTE_PIN_WRITE, WR_NOTE_MOVE_BEGIN, WR_NOTE_MOVE_END,
                 WR_NOTE_FORK_COPIED, WR_NOTE_MUTATOR_END, WR_NOTE_LAZY_FREE_BEGIN,
                 WR_NOTE_LAZY_FREE_END, WR_NOTE_FILE_DISCARD_BEGIN, WR_NOTE_FILE_DISCARD_END)};
  using Oracle::Oracle;

  void Begin() override;
  void OnEvent(const Event& event, const Object& object, uint32_t index) override;
  void End() override;

 private:
  // A region that moved by mremap.
  struct Move {
    uint32_t begin, end;  // kNoEvent: under way
    int from, to;         // first pages
  };
  static constexpr int kMovesMax = 32;

  void KeepStart();
  void OnRange(const Event& event, uint32_t index);
  void OnFileRange(const Event& event, uint32_t index);
  void OnMove(const Event& event, uint32_t index);
  void OnForkCopied(const Event& event);
  void OnForkEnd(const Event& event);
  void OnRead(const Event& event, int page, PossibleValues& shadow, uint32_t index);
  void OnUserWrite(const Event& event, const Object& content, int page, uint32_t index);
  void OnPinAccess(const Event& event, const Object& content, int page, uint32_t index);
  // Through a reference that does not protect what its frame shows.
  void OnSharedWrite(uint16_t frame, int own_page, uint64_t value, uint32_t index);

  // Where what a page shows is kept: by page of the file if it is a file's. While a move is under
  // way what is left in TLBs at the old place means the new one.
  PossibleValues& ShadowOf(int page);
  // The page at which a reference's page is by now.
  int PlaceOf(const Reference& reference) const;

  struct Pair {
    uint32_t first, second;
  };
  // The two events whose order did it. `frame` is what the page shows, or showed to the read at
  // `read` (kNoEvent at the end); `lost` is the note of the write that should be seen, or kNoEvent.
  Pair Blame(int page, uint16_t frame, uint64_t shown, uint32_t lost, uint32_t read) const;

  // What each shows at the start, and the number of that start; 0: none yet.
  uint32_t start_number_ = 0;
  uint64_t start_values_[kAreaPages];
  uint64_t start_file_values_[kFilePages];

  PossibleValues pages_[kAreaPages];
  PossibleValues file_pages_[kFilePages];
  uint32_t discard_begin_[kCpusMax] = {};  // of each CPU's last discard
  Move moves_[kMovesMax];
  int move_count_ = 0;
  uint32_t forked_ = 0;      // bit n: page n was given to the child by a fork that is not over ...
  CpuId fork_cpu_ = kNoCpu;  // ... of this CPU
};

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_NO_LOST_WRITE_ORACLE_H_
