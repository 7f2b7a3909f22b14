#include "trace/relevance.h"

#include <cstring>
#include <map>

#include "kernel/notes.h"
#include "machine/inspect.h"
#include "oracle/checked_what_was_used_oracle.h"
#include "oracle/progress_oracle.h"
#include "trace/focus.h"

namespace walkrace {
namespace {

bool IsAccess(const Event& event) {
  return event.kind == EventKind::kLoad || event.kind == EventKind::kStore ||
         event.kind == EventKind::kRmw;
}

bool IsWrite(const Event& event) {
  return event.kind == EventKind::kStore || (event.kind == EventKind::kRmw && !event.failed);
}

bool IsUserNote(uint8_t what) { return what >= WR_NOTE_USER_READ && what <= WR_NOTE_PIN_WRITE; }

bool IsTableFate(const Event& event) {
  return event.kind == EventKind::kNote &&
         (event.detail == WR_NOTE_TABLE_FREE || event.detail == WR_NOTE_TABLE_DEPOSIT);
}

// Of what an entry led to: it must not come before everybody has stopped using it.
bool IsFate(const Event& event) {
  return IsTableFate(event) ||
         (event.kind == EventKind::kNote &&
          (event.detail == WR_NOTE_FOLIO_FREE || event.detail == WR_NOTE_PAGE_REPLACED));
}

constexpr CpuMask Bit(CpuId cpu) { return CpuMask{1} << cpu; }

class Grader {
 public:
  explicit Grader(const TraceView& view) : view_(view), focus_(view), grades_(view.count) {
    const char* oracle = view.violation.oracle;
    tests_matter_ = oracle != nullptr && std::strcmp(oracle, CheckedWhatWasUsedOracle::kName) == 0;
    stuck_ = oracle != nullptr && std::strcmp(oracle, kProgressName) == 0;
    for (size_t i = 0; i < view.count; ++i) {
      const Event& event = view.events[i];
      if (MarkOf(view, i) != 0) marked_cpus_ |= Bit(event.cpu % kCpusMax);
      // A table that goes too early: somebody should have waited.
      waits_for_interrupts_ |= MarkOf(view, i) != 0 && IsTableFate(event);
      waits_for_interrupts_ |= event.kind == EventKind::kRcuCall ||
                               (event.kind == EventKind::kIpiSend && event.before != 0);
      if (!IsAccess(event)) continue;
      Users& users = users_[event.location];
      users.all |= Bit(event.cpu);
      if (IsWrite(event)) users.writers |= Bit(event.cpu);
    }
  }

  std::vector<EventGrade> Grade() {
    for (size_t i = 0; i < view_.count; ++i) {
      grades_[i].relevance = MarkOf(view_, i) != 0 ? Relevance::kMarked : Of(view_.events[i]);
    }
    PromoteViolation();
    PromoteStaleLoads();
    PromoteFreshLoads();
    PromoteWhatFollowsAClear();
    PromoteSections();
    MergeUserAccesses();
    NoteRereads();
    return std::move(grades_);
  }

 private:
  struct Users {
    CpuMask all = 0;
    CpuMask writers = 0;
  };

  Relevance Of(const Event& event) const {
    switch (event.kind) {
      case EventKind::kLoad:
      case EventKind::kStore:
      case EventKind::kRmw:
        return OfAccess(event);
      case EventKind::kIssue:
        return focus_.Has(event.location) ? Relevance::kStory : Relevance::kDetail;
      case EventKind::kLock:
      case EventKind::kUnlock:
        return focus_.HasLocation(event.location) ? Relevance::kDetail : Relevance::kNoise;
      case EventKind::kIrqOff:
      case EventKind::kIrqOn:
      case EventKind::kRcuLock:
      case EventKind::kRcuUnlock:
        if (stuck_) return Relevance::kStory;
        return waits_for_interrupts_ ? Relevance::kDetail : Relevance::kNoise;
      case EventKind::kIpiSend:
      case EventKind::kIpiWait:
      case EventKind::kIpiHandle:
        if (event.kind != EventKind::kIpiHandle && event.before == 0) return Relevance::kNoise;
        return stuck_ ? Relevance::kStory : Relevance::kContext;
      case EventKind::kRcuCall:
      case EventKind::kRcuDone:
        return Relevance::kContext;
      case EventKind::kTlb:
        return OfTlb(event);
      case EventKind::kNote:
        return OfNote(event);
      default:
        return Relevance::kNoise;
    }
  }

  Relevance OfAccess(const Event& event) const {
    const ObjectKind kind = ObjectAt(event.location).kind;
    if (event.kind == EventKind::kLoad && event.detail != 0) return Relevance::kStory;
    if (event.location == kNoLocation) return Relevance::kContext;  // a page fault
    if (!focus_.Has(event.location)) return OfBystander(event);
    switch (kind) {
      case ObjectKind::kPgd:
      case ObjectKind::kP4d:
      case ObjectKind::kPud:
      case ObjectKind::kPmd:
      case ObjectKind::kPte:
        return OfEntry(event);
      case ObjectKind::kRefcount:
      case ObjectKind::kPincount:
        return IsWrite(event) || event.failed ? Relevance::kContext : Relevance::kDetail;
      case ObjectKind::kContent:
        return Relevance::kContext;
      case ObjectKind::kDeposit:
        return IsWrite(event) ? Relevance::kStory : Relevance::kContext;
      default:
        return focus_.HasLocation(event.location) && Fought(event) ? Relevance::kContext
                                                                   : Relevance::kNoise;
    }
  }

  Relevance OfEntry(const Event& event) const {
    if (IsWrite(event)) return Relevance::kStory;
    // Upper levels that nobody changes are the way, not the matter, unless the entry is a leaf.
    const ObjectKind kind = ObjectAt(event.location).kind;
    const bool upper =
        kind < ObjectKind::kPmd && DecodeEntry(kind, event.after).kind != EntryView::kLeaf;
    return upper && !Fought(event) ? Relevance::kNoise : Relevance::kContext;
  }

  Relevance OfBystander(const Event& event) const {
    switch (ObjectAt(event.location).kind) {
      case ObjectKind::kPmd:
      case ObjectKind::kPte:
      case ObjectKind::kRefcount:
      case ObjectKind::kPincount:
      case ObjectKind::kContent:
        return Fought(event) ? Relevance::kBackground : Relevance::kNoise;
      default:
        return Relevance::kNoise;
    }
  }

  // Several CPUs touch it, and somebody writes.
  bool Fought(const Event& event) const {
    const auto users = users_.find(event.location);
    return users != users_.end() && users->second.writers != 0 &&
           (users->second.all & (users->second.all - 1)) != 0;
  }

  Relevance OfTlb(const Event& event) const {
    if (event.detail != kTlbFill) return Relevance::kContext;
    return focus_.HasFrame(event.after) ? Relevance::kContext : Relevance::kBackground;
  }

  Relevance OfNote(const Event& event) const {
    bool in_focus = false;
    switch (event.detail) {
      case WR_NOTE_PAGE_RETURNED:
      case WR_NOTE_PAGE_PUT:
      case WR_NOTE_COUNT_CHECK:
      case WR_NOTE_PAGE_REPLACED:
      case WR_NOTE_FOLIO_ALLOC:
      case WR_NOTE_FOLIO_FREE:
      case WR_NOTE_USER_READ:
      case WR_NOTE_USER_WRITE:
      case WR_NOTE_PIN_READ:
      case WR_NOTE_PIN_WRITE:
        in_focus = focus_.Has(event.location);
        break;
      case WR_NOTE_TABLE_ALLOC:
      case WR_NOTE_TABLE_FREE:
      case WR_NOTE_TABLE_DEPOSIT:
      case WR_NOTE_TABLE_WITHDRAW:
        in_focus = focus_.HasTable(event.before - kTablePfnBase);
        break;
      case WR_NOTE_BACKED_OFF:
        // Of those whose order did it, or where nobody is known to have.
        return marked_cpus_ == 0 || (marked_cpus_ & Bit(event.cpu % kCpusMax)) != 0
                   ? Relevance::kStory
                   : Relevance::kContext;
      case WR_NOTE_ENTRY_READ:
        return focus_.HasLocation(event.location) ? Relevance::kContext : Relevance::kNoise;
      case WR_NOTE_ENTRY_CHECKED:
        return tests_matter_ && focus_.HasLocation(event.location) ? Relevance::kContext
                                                                   : Relevance::kNoise;
      default:
        return Relevance::kNoise;
    }
    return in_focus ? Relevance::kStory : Relevance::kBackground;
  }

  // Where the oracle saw it: the access, or what was noted of it.
  void PromoteViolation() {
    const Violation& violation = view_.violation;
    if (violation.oracle == nullptr || stuck_) return;
    for (size_t i = 0; i < view_.count; ++i) {
      const Event& event = view_.events[i];
      if (event.step != violation.step || event.cpu != violation.cpu) continue;
      Relevance& relevance = grades_[i].relevance;
      const bool tells = IsEntryAccess(event) || relevance != Relevance::kNoise;
      if (tells && relevance > Relevance::kStory) relevance = Relevance::kStory;
    }
  }

  void Promote(size_t index) {
    Relevance& relevance = grades_[index].relevance;
    if (relevance == Relevance::kContext || relevance == Relevance::kDetail) {
      relevance = Relevance::kStory;
    }
  }

  bool IsEntryAccess(const Event& event) const {
    return IsAccess(event) && IsEntry(ObjectAt(event.location).kind);
  }

  // The last look that a CPU took at an entry before another CPU changed it: what it goes on with.
  void PromoteStaleLoads() {
    struct Later {
      CpuId writer = kNoCpu;
      CpuMask looked = 0;
    };
    std::map<LocationId, Later> later;
    for (size_t i = view_.count; i-- > 0;) {
      const Event& event = view_.events[i];
      if (!IsEntryAccess(event)) continue;
      Later& next = later[event.location];
      if (IsWrite(event)) {
        next = {event.cpu, 0};
      } else if (next.writer != kNoCpu && next.writer != event.cpu &&
                 (next.looked & Bit(event.cpu)) == 0) {
        Promote(i);
        next.looked |= Bit(event.cpu);
      }
    }
  }

  // The first look at an entry that another CPU has changed.
  void PromoteFreshLoads() {
    struct Earlier {
      CpuId writer = kNoCpu;
      CpuMask looked = 0;
    };
    std::map<LocationId, Earlier> earlier;
    for (size_t i = 0; i < view_.count; ++i) {
      const Event& event = view_.events[i];
      if (!IsEntryAccess(event)) continue;
      Earlier& last = earlier[event.location];
      if (IsWrite(event)) {
        last = {event.cpu, 0};
      } else if (last.writer != kNoCpu && last.writer != event.cpu &&
                 (last.looked & Bit(event.cpu)) == 0) {
        Promote(i);
        last.looked |= Bit(event.cpu);
      }
    }
  }

  // What a CPU does between the change of an entry and the fate of what it led to, so that nobody
  // uses it any more: flushes, IPIs, grace periods.
  void PromoteWhatFollowsAClear() {
    CpuMask changed = 0;  // the CPUs in between
    for (size_t i = 0; i < view_.count; ++i) {
      const Event& event = view_.events[i];
      const CpuMask cpu = Bit(event.cpu % kCpusMax);
      if (grades_[i].relevance <= Relevance::kStory) {
        if (IsEntryAccess(event) && IsWrite(event)) changed |= cpu;
        if (IsFate(event)) changed &= ~cpu;
        continue;
      }
      const bool makes_sure = (event.kind == EventKind::kTlb && event.detail <= kTlbFlushAll) ||
                              event.kind == EventKind::kIpiSend ||
                              event.kind == EventKind::kRcuCall;
      if ((makes_sure && (changed & cpu) != 0) ||
          (event.kind == EventKind::kRcuDone && changed != 0)) {
        Promote(i);
      }
    }
  }

  // Interrupts off, or an RCU section, that a marked event stands in: where it begins and ends.
  void PromoteSections() {
    for (size_t mark = 0; mark < view_.count; ++mark) {
      if (MarkOf(view_, mark) == 0) continue;
      PromoteSection(mark, EventKind::kIrqOff, EventKind::kIrqOn);
      PromoteSection(mark, EventKind::kRcuLock, EventKind::kRcuUnlock);
    }
  }

  void PromoteSection(size_t mark, EventKind begin, EventKind end) {
    const auto is = [&](size_t i, EventKind kind) {
      return view_.events[i].cpu == view_.events[mark].cpu && view_.events[i].kind == kind;
    };
    size_t first = mark;
    while (first > 0 && !is(first, begin) && !is(first, end)) --first;
    if (!is(first, begin)) return;
    size_t last = mark;
    while (last + 1 < view_.count && !is(last, end)) ++last;
    for (const size_t i : {first, last}) {
      Relevance& relevance = grades_[i].relevance;
      if (relevance == Relevance::kDetail) relevance = Relevance::kContext;
    }
  }

  // A user's access and the note that tells what it was are one line: the note's, unless the access
  // is marked.
  void MergeUserAccesses() {
    for (size_t i = 1; i < view_.count; ++i) {
      const Event& note = view_.events[i];
      const Event& access = view_.events[i - 1];
      if (note.kind != EventKind::kNote || !IsUserNote(note.detail)) continue;
      if (access.cpu != note.cpu || access.location != note.location || !IsAccess(access)) continue;
      const bool marked = grades_[i - 1].relevance == Relevance::kMarked;
      grades_[marked ? i : i - 1].relevance = Relevance::kNoise;
    }
  }

  void NoteRereads() {
    std::map<LocationId, uint64_t> seen[kCpusMax];
    for (size_t i = 0; i < view_.count; ++i) {
      const Event& event = view_.events[i];
      if (event.cpu >= kCpusMax) continue;
      if (event.kind == EventKind::kNote && event.detail == WR_NOTE_OP_BEGIN) {
        seen[event.cpu].clear();
      }
      if (!IsEntryAccess(event)) continue;
      const auto [last, first_look] = seen[event.cpu].try_emplace(event.location, event.after);
      if (first_look) continue;
      if (event.kind == EventKind::kLoad) {
        grades_[i].again = true;
        grades_[i].changed = last->second != event.before;
      }
      last->second = event.after;
    }
  }

  const TraceView& view_;
  const Focus focus_;
  std::vector<EventGrade> grades_;
  std::map<LocationId, Users> users_;
  CpuMask marked_cpus_ = 0;  // with a marked event
  bool stuck_ = false;
  bool tests_matter_ = false;  // of entries: what they were made on is the finding
  bool waits_for_interrupts_ = false;
};

}  // namespace

std::vector<EventGrade> GradeEvents(const TraceView& view) { return Grader(view).Grade(); }

}  // namespace walkrace
