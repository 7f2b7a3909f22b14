#include "oracle/oracles.h"

#include "base/check.h"
#include "base/rows.h"
#include "oracle/back_off_restores_oracle.h"
#include "oracle/checked_what_was_used_oracle.h"
#include "oracle/counts_conserved_oracle.h"
#include "oracle/data_race_oracle.h"
#include "oracle/exclusive_when_pinned_oracle.h"
#include "oracle/no_forbidden_page_oracle.h"
#include "oracle/no_lost_write_oracle.h"
#include "oracle/no_pinned_page_freed_oracle.h"
#include "oracle/no_stale_page_oracle.h"
#include "oracle/no_table_use_after_free_oracle.h"
#include "oracle/progress_oracle.h"
#include "oracle/tlb_coherent_oracle.h"

namespace walkrace {
namespace {

template <typename T>
std::unique_ptr<Oracle> Make(const RunView& view) {
  return std::make_unique<T>(T::kName, view);
}

template <typename T>
constexpr OracleRow Row(const char* summary) {
  return {T::kName, summary, &Make<T>, T::kInterest};
}

// The order decides between reports of the same event.
constexpr OracleRow kRows[] = {
    Row<NoPinnedPageFreedOracle>(
        "nobody replaces or frees a page after a check that missed a returned reference"),
    Row<NoStalePageOracle>("a returned page was mapped at that address, with those rights, at some "
                           "moment of the call"),
    Row<TlbCoherentOracle>(
        "no CPU uses a translation of a freed page, or holds a huge and a small one of "
        "one address"),
    Row<NoLostWriteOracle>("a write is what later reads see, until overwritten or discarded"),
    Row<NoTableUseAfterFreeOracle>("nobody reads a page table that is freed or was reused"),
    Row<CountsConservedOracle>(
        "references, pins and map counts add up, and are never raised from zero"),
    Row<BackOffRestoresOracle>(
        "a mutator that backs off leaves the same pages mapped with the same rights"),
    Row<CheckedWhatWasUsedOracle>(
        "a returned page's tests were made on the value that the last re-read found"),
    Row<ExclusiveWhenPinnedOracle>(
        "an anonymous page with a returned pin stays exclusive to its mm"),
    Row<NoForbiddenPageOracle>(
        "GUP returns no page that it must refuse for what the page is, such as secretmem"),
    {kProgressName, "all CPUs finish within the step bound, without deadlock", nullptr, {}},
    {kDataRaceName, "ThreadSanitizer reports no plain access that races", nullptr, {}},
};
constexpr size_t kRowCount = sizeof(kRows) / sizeof(kRows[0]);

}  // namespace

const OracleRow* OracleRows(size_t* count) {
  *count = kRowCount;
  return kRows;
}

bool IsOracleName(const char* name) { return FindRow(kRows, name) != nullptr; }

OracleSet::OracleSet() : view_{nullptr, &mappings_, &references_, &violation_} {
  for (int kind = 0; kind < kObjectKinds; ++kind) {
    const auto object = static_cast<ObjectKind>(kind);
    if (!IsEntry(object)) continue;
    To(EventKind::kStore, object) = kToMappings;
    To(EventKind::kRmw, object) = kToMappings;
  }
  for (const OracleRow& row : kRows) {
    if (row.make == nullptr) continue;
    WR_CHECK(count_ < kOraclesMax);
    Subscribe(row.interest, static_cast<OracleMask>(1u << count_));
    oracles_[count_++] = row.make(view_);
  }
}

void OracleSet::Subscribe(const Interest& interest, OracleMask bit) {
  for (int note = 0; note < WR_NOTE_COUNT; ++note) {
    if ((interest.notes >> note & 1) != 0) by_note_[note] |= bit;
  }
  for (int kind = 0; kind < kObjectKinds; ++kind) {
    const auto object = static_cast<ObjectKind>(kind);
    const bool reads = (interest.reads >> kind & 1) != 0;
    const bool writes = (interest.writes >> kind & 1) != 0;
    if (reads) To(EventKind::kLoad, object) |= bit;
    if (writes) To(EventKind::kStore, object) |= bit;
    if (reads || writes) To(EventKind::kRmw, object) |= bit;
  }
  if (interest.tlb_fills) To(EventKind::kTlb, ObjectKind::kOther) |= bit;
}

void OracleSet::Begin(const Engine* engine) {
  view_.engine = engine;
  next_index_ = 0;
  if (violation_.oracle != nullptr) violation_ = Violation();
  mappings_.Begin();
  references_.Begin(engine);
  for (size_t i = 0; i < count_; ++i) oracles_[i]->Begin();
}

// Many events concern no oracle: that they need no stack frame is what makes a run fast.
bool OracleSet::OnEvent(const Event& event) {
  const uint32_t index = next_index_++;
  if (__builtin_expect(violation_.oracle != nullptr, 0)) return true;
  if (event.kind == EventKind::kNote) return OnNote(event, index);
  const Object& object = ObjectAt(event.location);
  const OracleMask to = To(event.kind, object.kind);
  return to != 0 && Deliver(to, event, object, index);
}

__attribute__((noinline)) bool OracleSet::OnNote(const Event& note, uint32_t index) {
  static constexpr Object kNoObject = {ObjectKind::kOther, 0, 0};
  WR_CHECK(note.detail < WR_NOTE_COUNT);
  const OracleMask to = by_note_[note.detail];
  if (note.detail == WR_NOTE_FOLIO_ALLOC) mappings_.OnFolioAlloc(note.before, note.after);
  references_.OnNote(note, index, mappings_);
  if (to == 0) return false;
  return Deliver(to, note, note.location == kNoLocation ? kNoObject : ObjectAt(note.location),
                 index);
}

__attribute__((noinline)) bool OracleSet::Deliver(OracleMask to, const Event& event,
                                                  const Object& object, uint32_t index) {
  if (event.kind == EventKind::kTlb && event.detail != kTlbFill) return false;
  if ((to & kToMappings) != 0) {
    to &= ~kToMappings;
    if (event.before != event.after) mappings_.OnEntryWrite(object, index);
  }
  for (; to != 0; to &= to - 1) oracles_[__builtin_ctz(to)]->OnEvent(event, object, index);
  return violation_.oracle != nullptr;
}

void OracleSet::End() {
  for (size_t i = 0; i < count_ && violation_.oracle == nullptr; ++i) oracles_[i]->End();
}

void OracleSet::ReportProgress(const Engine& engine, bool deadlock) {
  JudgeProgress(engine, deadlock, &violation_);
}

void OracleSet::ReportDataRace(const Engine& engine, uint32_t event) {
  JudgeDataRace(engine, event, &violation_);
}

}  // namespace walkrace
