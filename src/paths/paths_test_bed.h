// For tests only: paths on the machine without oracles, and schedules that say where to hand over.
#ifndef WALKRACE_PATHS_PATHS_TEST_BED_H_
#define WALKRACE_PATHS_PATHS_TEST_BED_H_

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "machine/machine_test_bed.h"
#include "paths/paths.h"
#include "paths/variants.h"

namespace walkrace {

inline constexpr uint16_t kHuge = kFirstHugeFrame;
inline constexpr int kOther = kPagesMax + kPagesPerRegion;  // the last region in mm 1
inline constexpr int kT0 = kFirstPteTable;
inline constexpr int kChild = kPagesMax;        // the child's page 0
inline constexpr uint64_t kFirstContent = 100;  // of page 0
inline constexpr unsigned kLongTermWrite = FOLL_PIN | FOLL_LONGTERM | FOLL_WRITE;

// One letter a page: w writable, r read-only, - not mapped. "W" and "R": one huge page.
inline Layout LayoutOf(const char* first_region, const char* second_region = "--------") {
  Layout layout;
  for (int region = 0; region < kRegionsMax; ++region) {
    const char* pages = region == 0 ? first_region : second_region;
    layout.huge[region] = *pages == 'W' || *pages == 'R';
    for (int i = 0; i < kPagesPerRegion; ++i) {
      const char letter = layout.huge[region] ? *pages : pages[i];
      layout.pages[region * kPagesPerRegion + i] =
          letter == 'w' || letter == 'W'   ? PageState::kWritable
          : letter == 'r' || letter == 'R' ? PageState::kReadOnly
                                           : PageState::kNone;
    }
  }
  return layout;
}

// The first region is the file's.
inline Layout FileLayout(const char* pages) {
  Layout layout = LayoutOf(pages);
  layout.backing[0] = Backing::kFile;
  return layout;
}

// The pages of one large folio, mapped by ptes.
inline Layout Compound(const char* pages = "wwwwwwww") {
  Layout layout = LayoutOf(pages);
  layout.backing[0] = Backing::kCompound;
  return layout;
}

inline void SetUpPaths(const Layout& layout, const char* profile = "arm64") {
  SetCuts({});
  SetUpMachine(layout, *FindProfile(profile));
}

// CPU 0 in mm 0, CPU 1 in mm 1.
inline void SetUpFork(const Layout& layout) {
  SetCuts({});
  CpuMms mms;
  mms.of_cpu[1] = 1;
  mms.mm_count = 2;
  SetUpMachine(layout, *FindProfile("arm64"), mms);
}

inline void Fork() { dup_mm(MachineMm(), 0, 0, 0); }

inline uint64_t Read(int page) {
  uint64_t value = 0;
  EXPECT_TRUE(user_read(MachineMm(page / kPagesMax), AddressOfPage(page), &value));
  return value;
}

// What a GUP call gave.
struct Got {
  int nr = 0;
  page* pages[kPagesMax] = {};

  std::vector<int> Pfns() const {
    std::vector<int> pfns;
    for (int i = 0; i < nr; ++i) pfns.push_back(static_cast<int>(page_to_pfn(pages[i])));
    return pfns;
  }
};

inline Got Gup(int page, int count, unsigned flags) {
  Got got;
  got.nr = internal_get_user_pages_fast(MachineMm(), AddressOfPage(page), count, flags, got.pages);
  return got;
}

inline void Reclaim(int page, int count = 1) {
  reclaim_pages(MachineMm(), AddressOfPage(page), AddressOfPage(page + count), 0);
}

inline int64_t RefcountOf(uint16_t pfn) { return CountsOf(pfn).refcount; }
inline int64_t PincountOf(uint16_t pfn) { return CountsOf(pfn).pincount; }

// Whether a run has an event of this kind in this function (any, if null).
inline bool Has(const RecordedRun& run, EventKind kind, const char* function = nullptr) {
  for (const Event& event : run.events) {
    if (event.kind == kind && (function == nullptr || event.site == nullptr ||
                               std::strcmp(event.site->function, function) == 0)) {
      return true;
    }
  }
  return false;
}

inline bool TookMmapLock(const RecordedRun& run) {
  for (const Event& event : run.events) {
    if (event.kind == EventKind::kLock && NameOf(event.location) == "mmap_lock") return true;
  }
  return false;
}

// "CPU `cpu`, when it is about to do this for the `nth` time, hands over to CPU `to`."
struct HandOver {
  CpuId cpu;
  const char* function;
  EventKind kind;
  const char* object;  // its name, or null for any
  CpuId to;
  int nth = 1;
};

// Follows a list of hand-overs, each once and in order, then the default order.
class HandOvers final : public Strategy {
 public:
  explicit HandOvers(std::vector<HandOver> list, CpuId first = 0)
      : list_(std::move(list)), first_(first) {}

  void Begin(int, uint64_t) override {
    next_ = 0;
    met_ = 0;
  }
  CpuId Pick(const Choice& choice) override {
    if (choice.number == 0) return first_;
    if (next_ == list_.size() || !Matches(choice)) return DefaultPick(choice);
    const HandOver& entry = list_[next_];
    if (++met_ < entry.nth) return DefaultPick(choice);
    met_ = 0;
    ++next_;
    const bool runnable = (choice.runnable >> entry.to & 1) != 0;
    return runnable ? entry.to : DefaultPick(choice);
  }
  // Whether each entry was met.
  bool done() const { return next_ == list_.size(); }

 private:
  bool Matches(const Choice& choice) const {
    const HandOver& entry = list_[next_];
    const PendingEvent& pending = choice.pending[choice.current];
    return choice.current == entry.cpu && pending.site != nullptr && pending.kind == entry.kind &&
           std::strcmp(pending.site->function, entry.function) == 0 &&
           (entry.object == nullptr || NameOf(pending.location) == entry.object);
  }

  const std::vector<HandOver> list_;
  const CpuId first_;
  size_t next_ = 0;
  int met_ = 0;
};

}  // namespace walkrace

#endif  // WALKRACE_PATHS_PATHS_TEST_BED_H_
