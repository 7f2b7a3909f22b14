// The one interface through which oracles and renderers read the machine: which object a location
// is, what an entry value means, what a folio's counts are. Whatever layout stands behind it (the
// machine's own, or a kernel tree's), they see this. Reads are no events.
#ifndef WALKRACE_MACHINE_INSPECT_H_
#define WALKRACE_MACHINE_INSPECT_H_

#include <cstdint>
#include <string>

#include "engine/event.h"
#include "machine/layout.h"

namespace walkrace {

// Frames are numbered by pfn. Data frames: [1, kFramesMax). Tables have pfns of their own, from
// kTablePfnBase on; a table's index is its pfn minus that.
inline constexpr int kFramesMax = 64;
inline constexpr int kTablesMax = 26;
inline constexpr uint64_t kTablePfnBase = 0x100;

// The area that scenarios use: kPagesMax base pages from kAreaStart on, in each mm. A user address
// says in bits that no table index looks at which mm it belongs to. Pages are numbered through:
// page n of mm m is kPagesMax * m + n.
inline constexpr uint64_t kAreaStart = 0x40000;
inline constexpr int kMmShift = 40;
inline constexpr int kAreaPages = kPagesMax * kMmsMax;
inline constexpr uint64_t kBytesPerPage = 4096;
inline constexpr int kEntriesPerTable = 8;

// kAreaStart, but where the last region is hugetlb of PMD or PUD size: there the area lies so that
// this region has a pud entry of its own, and begins where that does: its pmd table can be shared,
// or the entry is a leaf.
inline constexpr uint64_t kAreaStartOfHugetlb = 0x78000;
// The number of what a run starts from: two runs with the same one started from the same memory.
uint32_t StartNumber();

// What the run has of it. Written by src/machine alone.
struct AreaOfRun {
  uint64_t start;
  int pages;
};
extern AreaOfRun area_of_run;
inline uint64_t AreaStart() { return area_of_run.start; }
// Pages of the mms that the run uses: [0, AreaPagesInUse()).
inline int AreaPagesInUse() { return area_of_run.pages; }

// The page number in the area of a user virtual address, or -1 outside.
inline int AreaPage(uint64_t address) {
  const uint64_t mm = address >> kMmShift;
  const uint64_t page = ((address & ((uint64_t{1} << kMmShift) - 1)) - AreaStart()) / kBytesPerPage;
  return page < kPagesMax && mm < kMmsMax ? static_cast<int>(kPagesMax * mm + page) : -1;
}
inline uint64_t AddressOfAreaPage(int page) {
  return AreaStart() + (uint64_t{static_cast<unsigned>(page / kPagesMax)} << kMmShift) +
         page % kPagesMax * kBytesPerPage;
}

enum class ObjectKind : uint8_t {
  kOther,
  kPgd,  // entries, by the level of the table that they stand in
  kP4d,
  kPud,
  kPmd,
  kPte,
  kRefcount,
  kMapcount,
  kPincount,
  kPageFlags,
  kCompoundHead,
  kContent,
  kLock,
  kSequence,
  kDeposit,
  kMapping,       // of a page: page->mapping
  kFileSlot,      // of the page cache: a pfn, by page of the file
  kWord,          // a word of kernel/words.h
  kShadow,        // an entry of a secondary MMU, by page of the area; frame: its mm
  kInvalidation,  // its sequence (index 0) and its invalidations in progress (1)
  kWild,          // read as an entry, through an entry that links to no table
  kShares,        // how many mms use a pmd table of hugetlb
  kStack,         // read as an entry, behind the copy of one on a walker's stack
  kSwapMap,       // a slot's count
  kSwapCache,     // of the swap cache: a pfn, by slot
  kKindCount,
};

struct Object {
  ObjectKind kind;
  uint8_t index;   // of an entry in its table
  uint16_t frame;  // entries: the table's index; page fields and content: the pfn
};

// By location, as far as the arena goes.
extern const Object* const object_by_location;
extern const LocationId object_count;
inline const Object& ObjectAt(LocationId location) {
  static constexpr Object kNone = {ObjectKind::kOther, 0, 0};
  return location < object_count ? object_by_location[location] : kNone;
}
inline bool IsEntry(ObjectKind kind) {
  return kind >= ObjectKind::kPgd && kind <= ObjectKind::kPte;
}

// A load of one half of an entry (profiles with entries of two words): its value is no entry's. The
// note WR_NOTE_ENTRY_READ that follows has the value that the halves make together.
inline bool IsHalfOfEntry(const Event& event) {
  return event.size == 4 && event.kind == EventKind::kLoad &&
         IsEntry(ObjectAt(event.location).kind);
}

// What an entry value says.
struct EntryView {
  enum Kind : uint8_t { kNone, kTable, kLeaf, kMigration, kSwap, kOther } kind;
  bool writable;
  uint16_t frame;  // kTable: the table's index; kLeaf, kMigration: the pfn of the first page;
                   // kSwap: the slot
};
EntryView DecodeEntry(ObjectKind level, uint64_t value);

// The translation of one area page by a walk over memory as it is now.
struct Translation {
  uint16_t pfn = 0;  // of the base page; 0: not mapped
  bool writable = false;
  bool huge = false;

  friend bool operator==(const Translation&, const Translation&) = default;
};
Translation Translate(int page);
// Of all pages of a region (page n belongs to region n / kPagesPerRegion) at once.
void TranslateRegion(int region, Translation (&pages)[kPagesPerRegion]);
// The same as the hardware walks: without entries that are for software alone (protnone, invalid).
Translation TranslateByHardware(int page);
// The details of kTlb events, as src/machine gives them.
inline constexpr uint8_t kTlbFlushOwn = 0;   // before, after: the area pages [before, after)
inline constexpr uint8_t kTlbFlushAll = 1;   // every CPU's, without an interrupt
inline constexpr uint8_t kTlbFill = 2;       // before: the area page; after: the pfn
inline constexpr uint8_t kTlbPageFault = 3;  // before: the area page

// What the TLB of a CPU holds for an area page. A huge entry is held page by page, as far as it was
// used.
Translation CachedTranslation(CpuId cpu, int page);

// Counts of the folio that owns a frame, as memory holds them now.
struct FolioCounts {
  uint16_t head;   // pfn
  uint16_t pages;  // base pages of the folio
  int64_t refcount;
  int64_t pincount;
};
FolioCounts CountsOf(uint16_t pfn);
int64_t MapcountOf(uint16_t pfn);  // of this very page; a head page's includes the huge mapping
bool FrameIsFree(uint16_t pfn);    // free in the allocator
uint64_t ContentOf(uint16_t pfn);
bool IsAnonExclusive(uint16_t pfn);  // PageAnonExclusive
bool IsAnon(uint16_t pfn);           // PageAnon

// A page of hugetlb: whatever its size and its entries, it is mapped and counted as one.
bool IsHugetlbPage(uint16_t pfn);

// Memory of a device, which is never free: one reference is the device's, and mappings hold none.
bool IsDevicePage(uint16_t pfn);

// What GUP may do with a page, by what it belongs to.
enum class Pinnable : uint8_t {
  kYes,
  kNotForLong,  // of a filesystem that keeps track of dirty pages, or may not wait for pins for
                // ever (DAX): no long-term pin for writing
  kNever,       // secretmem
};
Pinnable PinnableOf(uint16_t pfn);
// The swap cache: the pfn that it has for a slot, or 0.
inline constexpr int kSwapSlots = 8;
uint16_t FrameOfSwapSlot(int slot);
// The frame that an entry which is neither none nor present stands for: of a migration entry, or
// what the swap cache has for a swap entry. 0: none.
uint16_t FrameBehind(int page);

// What the next access of a page would see: the content of what is mapped, of what a migration or
// swap entry stands for, of the file, or zero.
uint64_t ContentAt(int page);
void ContentsOfRegion(int region, uint64_t (&contents)[kPagesPerRegion]);

// Whether the table with this page's pmd entry serves the same page of mm 0 as well (hugetlb).
bool SharesTableOfMm0(int page);

// The page of a file that an area page shows, by its vma as it is now, or -1: anonymous. And the
// one that the page cache has in this frame, or -1. Behind those of the one file stand the pages of
// hugetlb's huge page.
inline constexpr int kCachePages = 16;
inline constexpr int kFilePages = kCachePages + kPagesPerRegion;
int FilePageOf(int page);
bool HasFiles();  // whether any region shows one: no vma gets one that none had at the start
int FilePageIn(uint16_t pfn);
uint16_t FrameOfFilePage(int file_page);  // 0: not in the page cache

// Names as people say them: "pmd[0]", "T2.pte[3]", "folio5.refcount", "page 3", and values as the
// object's kind has them: "T2", "folio5 rw", "none", "42".
std::string NameOf(LocationId location);
std::string NameOfTable(int table_index);
std::string NameOfFrame(uint16_t pfn);
std::string NameOfValue(LocationId location, uint64_t value);

}  // namespace walkrace

#endif  // WALKRACE_MACHINE_INSPECT_H_
