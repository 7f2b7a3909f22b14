// The oracles of a run, by name and in a fixed order. One event goes to the histories first and
// then to the oracles that have an interest in it; the first report stands. Where several would
// report the same event, the order of the rows decides.
#ifndef WALKRACE_ORACLE_ORACLES_H_
#define WALKRACE_ORACLE_ORACLES_H_

#include <cstddef>
#include <memory>

#include "oracle/mapping_history.h"
#include "oracle/oracle.h"
#include "oracle/reference_history.h"

namespace walkrace {

struct OracleRow {
  const char* name;
  const char* summary;  // the invariant in one sentence
  // Null: judged outside the event stream (progress, data-race).
  std::unique_ptr<Oracle> (*make)(const RunView& view);
  Interest interest;
};
const OracleRow* OracleRows(size_t* count);
bool IsOracleName(const char* name);

// Watches one run after the other. Allocates when it is made, and not while a run is well.
class OracleSet final : public EventListener {
 public:
  OracleSet();
  OracleSet(const OracleSet&) = delete;
  OracleSet& operator=(const OracleSet&) = delete;

  // REQUIRES: the machine is set up for the run; the run has not begun.
  void Begin(const Engine* engine);
  // Returns whether a violation is known now.
  // REQUIRES: given every event of the run, in order, from the first one on.
  bool OnEvent(const Event& event) override;
  // Judges the end of a run that finished.
  void End();
  // For verdicts made elsewhere (deadlock, step bound, a ThreadSanitizer report). Where there is a
  // violation already it stands.
  void ReportProgress(const Engine& engine, bool deadlock);
  // `event`: the index of the last event when ThreadSanitizer reported; kNoEvent: of the trace.
  void ReportDataRace(const Engine& engine, uint32_t event = kNoEvent);

  const Violation& violation() const { return violation_; }
  const MappingHistory& mappings() const { return mappings_; }
  const ReferenceHistory& references() const { return references_; }

 private:
  using OracleMask = uint16_t;  // bit n: oracles_[n]
  static constexpr size_t kOraclesMax = 15;
  // Whom an event goes to before the oracles: the mapping history, where an entry is written.
  static constexpr OracleMask kToMappings = 1u << kOraclesMax;
  static constexpr int kEventKinds = static_cast<int>(EventKind::kKindCount);
  static constexpr int kObjectKinds = static_cast<int>(ObjectKind::kKindCount);

  OracleMask& To(EventKind event, ObjectKind object) {
    return by_event_[static_cast<int>(event)][static_cast<int>(object)];
  }
  void Subscribe(const Interest& interest, OracleMask bit);
  // As OnEvent.
  bool OnNote(const Event& note, uint32_t index);
  bool Deliver(OracleMask to, const Event& event, const Object& object, uint32_t index);

  Violation violation_;
  MappingHistory mappings_;
  ReferenceHistory references_;
  RunView view_;
  uint32_t next_index_ = 0;  // of the event to come

  std::unique_ptr<Oracle> oracles_[kOraclesMax];
  size_t count_ = 0;
  OracleMask by_note_[WR_NOTE_COUNT] = {};
  OracleMask by_event_[kEventKinds][kObjectKinds] = {};  // all but notes
};

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_ORACLES_H_
