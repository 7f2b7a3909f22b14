#include "harness/known_rereads.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "harness/race_reports.h"
#include "machine/inspect.h"
#include "machine/tree.h"

namespace walkrace {
namespace {

// Where what: the kind of the word that is accessed, and the function that the access stands in
// (null: any), in 5.15 to 6.19.
struct Row {
  ObjectKind kind;  // kPte: an entry of any level
  bool write;
  const char* function;
  const char* what;
};
constexpr ObjectKind kEntry = ObjectKind::kPte;
constexpr char kReread[] = "plain re-read";  // compared with what was read before
constexpr char kRead[] = "plain read";       // tested, and looked at again under the lock
constexpr Row kRows[] = {
    {kEntry, false, "gup_pte_range", kReread},
    {kEntry, false, "gup_huge_pmd", kReread},
    {kEntry, false, "gup_huge_pud", kReread},
    {kEntry, false, "gup_huge_pgd", kReread},
    {kEntry, false, "gup_hugepte", kReread},
    {kEntry, false, "gup_fast_pte_range", kReread},
    {kEntry, false, "gup_fast_pmd_leaf", kReread},
    {kEntry, false, "gup_fast_pud_leaf", kReread},
    {kEntry, false, "gup_fast_pgd_leaf", kReread},
    {kEntry, false, "__gup_device_huge_pmd", kReread},
    {kEntry, false, "__gup_device_huge_pud", kReread},
    {kEntry, false, "zap_pmd_range", kRead},
    {kEntry, false, "find_pmd_or_thp_or_none", kRead},
    // PageAnon() and its likes, against truncation, which makes it null.
    {ObjectKind::kMapping, false, nullptr, "plain read of page->mapping"},
    // page->lru stands in the place of page->compound_head, whose lowest bit no list sets.
    {ObjectKind::kCompoundHead, true, nullptr, "page->lru over page->compound_head"},
};

// Inside the runtime nothing may be allocated.
struct Counted {
  const wr_site* site;
  const char* what;
  uint64_t times;
};
constexpr size_t kPlacesMax = 32;
Counted counted[kPlacesMax];
size_t counted_places = 0;
bool is_strict = false;

// The row and the place of a side that is known, or nulls.
struct Known {
  const Row* row = nullptr;
  const wr_site* site = nullptr;
};

Known KnownOf(const RaceAccess& access) {
  if (access.atomic || !IsInMachine(access.address)) return {};
  const ObjectKind kind = ObjectAt(LocationInMachine(access.address)).kind;
  for (const void* frame : access.frames) {
    const wr_site* site = FindTreeSite(frame);
    if (site == nullptr) continue;
    for (const Row& row : kRows) {
      if (row.write != access.write || row.kind != (IsEntry(kind) ? kEntry : kind)) continue;
      if (row.function == nullptr || std::strcmp(site->function, row.function) == 0) {
        return {&row, site};
      }
    }
    return {};
  }
  return {};
}

bool Count(const Known& known) {
  for (size_t i = 0; i < counted_places; ++i) {
    if (counted[i].site != known.site) continue;
    ++counted[i].times;
    return true;
  }
  if (counted_places == kPlacesMax) return false;
  counted[counted_places++] = {known.site, known.row->what, 1};
  return true;
}

// Against a marked access alone: where the other side is plain as well, that is the news.
bool IsKnown(const RaceAccess (&accesses)[2]) {
  if (is_strict || ActiveTree() == nullptr) return false;
  for (int i = 0; i < 2; ++i) {
    const Known known = KnownOf(accesses[i]);
    if (known.row != nullptr && accesses[1 - i].atomic) return Count(known);
  }
  return false;
}

}  // namespace

void InstallRereadFilter() { SetRaceFilter(&IsKnown); }
void SetStrictRereads(bool strict) { is_strict = strict; }

std::vector<KnownReread> KnownRereads() {
  std::vector<KnownReread> rereads;
  for (size_t i = 0; i < counted_places; ++i) {
    const wr_site& site = *counted[i].site;
    rereads.push_back({absl::StrCat(site.function, "(), ", site.file, ":", site.line),
                       counted[i].what, counted[i].times});
  }
  std::sort(rereads.begin(), rereads.end(),
            [](const KnownReread& a, const KnownReread& b) { return a.place < b.place; });
  return rereads;
}

std::string KnownRereadLines(const char* indent) {
  std::string lines;
  for (const KnownReread& reread : KnownRereads()) {
    absl::StrAppend(&lines, indent, "known upstream: ", reread.what, ", ", reread.times,
                    reread.times == 1 ? " time: " : " times: ", reread.place, "\n");
  }
  return lines;
}

}  // namespace walkrace
