// Who holds what: GUP calls in flight, and the references that GUP returned and that were not put
// back yet. References that GUP takes and puts back on the way are none. Shared by oracles.
#ifndef WALKRACE_ORACLE_REFERENCE_HISTORY_H_
#define WALKRACE_ORACLE_REFERENCE_HISTORY_H_

#include <cstdint>

#include "base/fixed_vector.h"
#include "engine/engine.h"
#include "oracle/mapping_history.h"
#include "oracle/oracle.h"

namespace walkrace {

struct Reference {
  // Index of the call's WR_NOTE_GUP_BEGIN; under weak memory of what an old load of the call may
  // have run behind, where that is earlier.
  uint32_t gup_begin;
  uint32_t returned;   // index of WR_NOTE_PAGE_RETURNED
  Allocation page;
  uint16_t head;  // pfn of the folio that owns the page
  uint8_t cpu;
  uint8_t area_page;
  uint32_t flags;  // FOLL_*

  // Whether a mutator that must count these references must count this one.
  bool CountsAs(uint32_t counts) const;
};

class ReferenceHistory {
 public:
  // Calls of one CPU times pages of a call, at most.
  static constexpr size_t kReferencesMax = 128;
  using List = FixedVector<Reference, kReferencesMax>;

  // Null: of a trace without old loads.
  void Begin(const Engine* engine);
  void OnNote(const Event& note, uint32_t index, const MappingHistory& mappings);

  // Index of the WR_NOTE_GUP_BEGIN of the call that this CPU is in, or kNoEvent.
  uint32_t CallOf(CpuId cpu) const { return call_[cpu]; }
  const List& HeldBy(CpuId cpu) const { return held_[cpu]; }
  // What the last WR_NOTE_PAGE_PUT put back, or null where it matched nothing.
  const Reference* LastPut() const { return last_put_valid_ ? &last_put_ : nullptr; }

  // The youngest reference that the CPU holds for this page and frame, or null.
  const Reference* Find(CpuId cpu, int area_page, uint64_t pfn) const;
  // Some reference to the folio's present allocation, or null. `counts`: a wr_counts.
  const Reference* FindOnFolio(uint16_t head, const MappingHistory& mappings,
                               uint32_t counts = WR_COUNTS_ANY) const;

 private:
  void Return(const Event& note, uint32_t index, const MappingHistory& mappings);
  void Put(const Event& note);

  uint32_t BeginOfCall(CpuId cpu) const;

  const Engine* engine_ = nullptr;
  uint32_t call_[kCpusMax] = {};
  List held_[kCpusMax];
  bool last_put_valid_ = false;
  Reference last_put_ = {};
};

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_REFERENCE_HISTORY_H_
