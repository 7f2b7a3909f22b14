#include "paths/variants.h"

#include <cstring>
#include <string_view>

namespace walkrace {
namespace {

CutMask active_cuts;

constexpr char kPinAgainstCollapse[] =
    "cpu 0\n pin 0-1 write\n write-pinned\n unpin\n"
    "cpu 1\n collapse 0-7\n";

constexpr VariantRow kRows[] = {
    {.name = "collapse-race",
     .upstream = "70cbc3cc78a9",
     .summary = "the seed's kernel: neither the pmd re-check nor the table sync in collapse",
     .cuts = CutBit(CUT_PMD_RECHECK) | CutBit(CUT_TABLE_SYNC),
     .oracle = "no-pinned-page-freed",
     .bites_on = "arm64,x86-64-paravirt",
     .needs = nullptr,
     .control = kPinAgainstCollapse},
    {.name = "no-pmd-recheck",
     .upstream = "70cbc3cc78a9",
     .summary = "the pmd re-check alone; the table sync waits for every walker",
     .cuts = CutBit(CUT_PMD_RECHECK),
     .oracle = nullptr,
     .bites_on = "",
     .needs = nullptr,
     .control = kPinAgainstCollapse},
    {.name = "no-table-sync",
     .upstream = "2ba99c5e0881",
     .summary = "the table sync alone; a zap frees the deposited table at once",
     .cuts = CutBit(CUT_TABLE_SYNC),
     .oracle = "no-table-use-after-free",
     .bites_on = "arm64,x86-64-paravirt",
     .needs = nullptr,
     .control = "cpu 0\n get 0-1\n"
                "cpu 1\n collapse 0-7\n zap 0-7\n"},
    {.name = "no-pte-recheck",
     .upstream = nullptr,
     .summary = "the pte re-read; zap and reuse of the folio in between",
     .cuts = CutBit(CUT_PTE_RECHECK),
     .oracle = "no-stale-page",
     .bites_on = "arm64,x86-64-paravirt,powerpc-hash",
     .needs = nullptr,
     .control = "cpu 0\n get 0\n"
                "cpu 1\n zap 0\n fault 2\n"},
    {.name = "count-before-clear",
     .upstream = nullptr,
     .summary = "collapse looks at the counts before it clears the pmd, and not after",
     .cuts = CutBit(CUT_COUNT_AFTER_CLEAR),
     .oracle = "no-pinned-page-freed",
     .bites_on = "all",
     .needs = nullptr,
     .control = kPinAgainstCollapse},
    {.name = "add-not-unless-zero",
     .upstream = "fa2690af573d",
     .summary = "a speculative reference is taken on a count of zero as well",
     .cuts = CutBit(CUT_UNLESS_ZERO),
     .oracle = "counts-conserved",
     .bites_on = "arm64,x86-64-paravirt,powerpc-hash",
     .needs = nullptr,
     .control = "cpu 0\n get 0\n"
                "cpu 1\n zap 0\n"},
    {.name = "no-put-on-failed-recheck",
     .upstream = nullptr,
     .summary = "the reference is not put back when the re-check fails",
     .cuts = CutBit(CUT_PUT_ON_RECHECK),
     .oracle = "counts-conserved",
     .bites_on = "all",
     .needs = nullptr,
     .control = "cpu 0\n get 0\n unpin\n"
                "cpu 1\n zap 0\n"},
    {.name = "no-collapse-flush",
     .upstream = nullptr,
     .summary = "the collapse flush invalidates no TLB entry; its interrupts still happen",
     .cuts = CutBit(CUT_COLLAPSE_TLB_FLUSH),
     .oracle = "no-lost-write",
     .bites_on = "all",
     .needs = nullptr,
     .control = "cpu 0\n write 0\n write 0\n read 0\n"
                "cpu 1\n collapse 0-7\n"},
    {.name = "backoff-leaves-pmd-clear",
     .upstream = nullptr,
     .summary = "a collapse that backs off does not put the table back",
     .cuts = CutBit(CUT_BACK_OFF_POPULATE),
     .oracle = "back-off-restores",
     .bites_on = "all",
     .needs = nullptr,
     .control = kPinAgainstCollapse},
    {.name = "fallback-with-irqs-off",
     .upstream = nullptr,
     .summary = "GUP takes mmap_lock before interrupts are on again; collapse waits for its IPI",
     .cuts = CutBit(CUT_IRQ_RESTORE),
     .oracle = "progress",
     .bites_on = "all",
     .needs = nullptr,
     .control = "cpu 0\n get 0-2\n"
                "cpu 1\n collapse 0-7\n"},
    {.name = "plain-pmd-reread",
     .upstream = nullptr,
     .summary = "READ_ONCE of the pmd re-read: a plain C access, as in Linux 6.0.1 to 6.19",
     .cuts = CutBit(CUT_PMD_READ_ONCE),
     .oracle = "data-race",
     .bites_on = "all",
     .needs = "tsan",
     .control = kPinAgainstCollapse},
};

}  // namespace

const VariantRow* VariantRows(size_t* count) {
  *count = sizeof(kRows) / sizeof(kRows[0]);
  return kRows;
}

const VariantRow* FindVariant(const char* name) {
  for (const VariantRow& row : kRows) {
    if (std::strcmp(row.name, name) == 0) return &row;
  }
  return nullptr;
}

bool BitesOn(const VariantRow& row, const char* profile) {
  std::string_view list = row.bites_on;
  if (list == "all") return true;
  while (!list.empty()) {
    const size_t comma = list.find(',');
    if (list.substr(0, comma) == profile) return true;
    list = comma == std::string_view::npos ? "" : list.substr(comma + 1);
  }
  return false;
}

void SetCuts(CutMask cuts) { active_cuts = cuts; }

}  // namespace walkrace

extern "C" bool is_cut(cut which) { return (walkrace::active_cuts & walkrace::CutBit(which)) != 0; }
