// What each mm mapped at each page of its area, and when: every change of an entry that changes a
// translation, with the folio's generation, so that reuse of a frame is seen. Shared by oracles.
#ifndef WALKRACE_ORACLE_MAPPING_HISTORY_H_
#define WALKRACE_ORACLE_MAPPING_HISTORY_H_

#include <cstdint>

#include "base/fixed_vector.h"
#include "machine/inspect.h"

namespace walkrace {

// A frame together with the number of times that it was allocated in this run. Frames in use at
// the start have generation 0.
struct Allocation {
  uint16_t pfn = 0;
  uint16_t generation = 0;

  friend bool operator==(const Allocation&, const Allocation&) = default;
};

struct Mapping {
  uint32_t from_event;  // index of the event that made it; 0 at the start
  Allocation page;      // pfn 0: nothing mapped
  bool writable;
  bool huge;
};

class MappingHistory {
 public:
  void Begin();
  void OnFolioAlloc(uint64_t pfn, uint64_t order);
  // An entry has changed by event `index`; memory holds the new value.
  void OnEntryWrite(const Object& entry, uint32_t index);

  const Mapping& Current(int page) const { return log_[page].back(); }
  uint16_t GenerationOf(uint16_t pfn) const { return generation_[pfn]; }
  Allocation AllocationOf(uint16_t pfn) const { return {pfn, generation_[pfn]}; }
  bool IsCurrent(Allocation page) const { return generation_[page.pfn] == page.generation; }

  // Whether `page` was mapped to `what` (for writing, if asked) at some moment from event
  // `since` to now.
  bool WasMapped(int page, Allocation what, bool for_writing, uint32_t since) const;
  // Whether `page` was mapped to `what` by an event after `since`.
  bool WasMappedAnew(int page, Allocation what, uint32_t since) const;
  // The mapping in force just before event `index`.
  const Mapping& Before(int page, uint32_t index) const;

  // The event by which the page's translation last changed, or kNoEvent.
  uint32_t LastChange(int page) const;
  // The event that ended the page's last mapping to this frame (whatever its generation), or
  // kNoEvent where there was none or it has not ended.
  uint32_t EndOfMapping(int page, uint16_t pfn) const;

 private:
  // A run changes a page's translation some three times an operation.
  static constexpr size_t kChangesMax = 256;

  void UpdateRegion(int region, uint32_t index);
  void Update(int page, const Translation& translation, uint32_t index);

  int pages_ = 0;              // of the mms in use
  uint32_t start_number_ = 0;  // of what stands first in each log; 0: nothing that is known

  // Oldest changes are dropped when a log is full: `since` questions then answer from the oldest
  // entry that is kept.
  FixedVector<Mapping, kChangesMax> log_[kAreaPages];
  uint16_t generation_[kFramesMax] = {};
};

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_MAPPING_HISTORY_H_
