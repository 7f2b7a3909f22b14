// Judges a run. Each oracle watches the events of a run as they happen, keeps a shadow of what it
// needs, and reports the first violation of its one invariant. Oracles read folios and entries
// through machine/inspect.h only, never change anything, and allocate nothing before they report.
// Adding one: its own files and one row in oracles.cc. What they rely on in the order of notes
// and events: README.md.
#ifndef WALKRACE_ORACLE_ORACLE_H_
#define WALKRACE_ORACLE_ORACLE_H_

#include <cstdint>

#include "engine/engine.h"
#include "engine/event.h"
#include "kernel/notes.h"
#include "machine/inspect.h"

namespace walkrace {

inline constexpr uint32_t kNoEvent = UINT32_MAX;

struct Violation {
  const char* oracle = nullptr;  // its name; null: no violation
  uint32_t step = 0;
  CpuId cpu = kNoCpu;  // kNoCpu: judged at the end of the run
  // The two events whose order did it, as indices into the trace: had `second` come before
  // `first`, all would be well. kNoEvent where there is none. The functions of their sites are the
  // finding's signature: each oracle chooses them so that one defect always gives the same two.
  uint32_t first_event = kNoEvent;
  uint32_t second_event = kNoEvent;
  char message[240] = {};  // one sentence with the objects by name
};

class MappingHistory;
class ReferenceHistory;

// What oracles see of a run. The histories are up to date before any oracle is given the event.
struct RunView {
  const Engine* engine = nullptr;  // the trace so far; never run from an oracle
  const MappingHistory* mappings = nullptr;
  const ReferenceHistory* references = nullptr;
  Violation* violation = nullptr;  // of the run: the first report stands
};

// The events that an oracle is given: notes by wr_note_kind, accesses by the ObjectKind of what
// they touch. A read-modify-write is a read and a write, and is given once. TLB fills: the page and
// the frame; the TLB holds them already.
struct Interest {
  uint64_t notes = 0;
  uint64_t reads = 0;
  uint64_t writes = 0;
  bool tlb_fills = false;
};

// A mask of these notes or ObjectKinds.
template <typename... Which>
constexpr uint64_t MaskOf(Which... which) {
  return ((uint64_t{1} << static_cast<int>(which)) | ... | uint64_t{0});
}
inline constexpr uint64_t kAllEntries = MaskOf(ObjectKind::kPgd, ObjectKind::kP4d, ObjectKind::kPud,
                                               ObjectKind::kPmd, ObjectKind::kPte);
static_assert(WR_NOTE_COUNT <= 64 && static_cast<int>(ObjectKind::kKindCount) <= 64);

class Oracle {
 public:
  Oracle(const char* name, const RunView& view) : name_(name), view_(view) {}
  Oracle(const Oracle&) = delete;
  Oracle& operator=(const Oracle&) = delete;
  virtual ~Oracle() = default;

  // The machine is set up, no CPU has run.
  virtual void Begin() = 0;
  // One event of its Interest has happened, at `index` in the trace; `object` is what stands at
  // the event's location (kOther where it has none).
  virtual void OnEvent(const Event& event, const Object& object, uint32_t index) = 0;
  // Every CPU has ended without a violation.
  virtual void End() {}

 protected:
  const RunView& view() const { return view_; }
  const Engine& engine() const { return *view_.engine; }
  const MappingHistory& mappings() const { return *view_.mappings; }
  const ReferenceHistory& references() const { return *view_.references; }

  // Keeps the run's first report only.
  void Report(const Event& at, uint32_t first_event, uint32_t second_event, const char* format, ...)
      __attribute__((format(printf, 5, 6), cold));
  void ReportAtEnd(uint32_t first_event, uint32_t second_event, const char* format, ...)
      __attribute__((format(printf, 4, 5), cold));

 private:
  const char* name_;
  const RunView& view_;
};

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_ORACLE_H_
