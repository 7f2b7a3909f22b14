// The address spaces at the start of a run.
#ifndef WALKRACE_MACHINE_LAYOUT_H_
#define WALKRACE_MACHINE_LAYOUT_H_

#include <cstdint>

#include "engine/event.h"

namespace walkrace {

inline constexpr int kPagesPerRegion = 8;  // a region is the size of one huge page
inline constexpr int kRegionsMax = 2;      // of one mm; each is a vma
inline constexpr int kPagesMax = kPagesPerRegion * kRegionsMax;
inline constexpr int kMmsMax = 2;

enum class PageState : uint8_t { kNone, kReadOnly, kWritable, kCount };

// What stands behind a region's pages.
enum class Backing : uint8_t {
  kAnon,
  kCompound,   // anonymous; one large folio, mapped by the ptes of all its pages
  kFile,       // a shared file: pages of the page cache, the same in each mm
  kHugetlb,    // the last region alone: one huge page of hugetlb, in a pmd table that the mms share
  kSecretmem,  // as kFile, of memfd_secret: no GUP call may have its pages
  kDirtyTracked,  // as kFile, of a filesystem that keeps track of dirty pages
  kDax,           // the last region alone: one huge leaf of a device's own memory
  kHugetlbCont,   // the last region alone: one page of hugetlb of CONT-PTE size, mapped by ptes
  kHugetlbPud,    // the last region alone: one page of hugetlb of PUD size, of which the region is
                  // the begin; the rest of it, which no address of the area reaches, is not there
  kCount,
};

constexpr bool IsForTheLastRegion(Backing backing) {
  return backing == Backing::kHugetlb || backing == Backing::kDax ||
         backing == Backing::kHugetlbCont || backing == Backing::kHugetlbPud;
}

struct Layout {
  PageState pages[kPagesMax] = {PageState::kWritable, PageState::kWritable};
  // A huge region is one huge page; its rights are those of its first page, and all its pages
  // carry the same state, which is not kNone. So it is with kCompound, and what the last region
  // alone can be. Only kAnon can be huge.
  bool huge[kRegionsMax] = {};
  Backing backing[kRegionsMax] = {};
  uint8_t levels = 4;  // of page tables: 3 (p4d and pud folded), 4 (p4d folded) or 5

  friend bool operator==(const Layout&, const Layout&) = default;
};

// Which mm each CPU runs in. mm 0 has the layout's pages; mm 1 has the same areas, and in them
// only what is shared through a file: a fork fills it.
struct CpuMms {
  uint8_t of_cpu[kCpusMax] = {};
  uint8_t mm_count = 1;

  friend bool operator==(const CpuMms&, const CpuMms&) = default;
};

}  // namespace walkrace

#endif  // WALKRACE_MACHINE_LAYOUT_H_
