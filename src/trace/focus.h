// The objects that a finding is about.
#ifndef WALKRACE_TRACE_FOCUS_H_
#define WALKRACE_TRACE_FOCUS_H_

#include <cstdint>
#include <set>

#include "trace/trace_view.h"

namespace walkrace {

class Focus {
 public:
  // The objects of the two marked events, or of the event at which the violation was seen; where
  // neither says anything, every object.
  explicit Focus(const TraceView& view);

  bool HasLocation(LocationId location) const;
  bool HasFrame(uint64_t pfn) const;
  bool HasTable(uint64_t table_index) const;
  // The location, or the folio or table that it belongs to.
  bool Has(LocationId location) const;

 private:
  void AddEvent(const Event& event);
  void AddFrame(uint64_t pfn);
  void AddValue(ObjectKind level, uint64_t value);
  bool ValueLeadsThere(ObjectKind level, uint64_t value) const;
  void AddWhatLeadsThere(const TraceView& view, ObjectKind level);

  bool everything_ = false;
  std::set<LocationId> locations_;
  uint64_t frames_ = 0;  // heads of folios
  uint64_t tables_ = 0;
};

}  // namespace walkrace

#endif  // WALKRACE_TRACE_FOCUS_H_
