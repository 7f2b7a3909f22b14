#include "harness/known_exposures.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "paths/releases.h"
#include "paths/variant_conditions.h"

namespace walkrace {
namespace {

bool WhereTablesMoveUnderWalkers(const Profile& profile) {
  return WhereMremapMovesTables(profile) && WhereFlushWaitsForNobody(profile);
}

constexpr char kMipsMmid[] =
    "A14: flushes interrupt nobody and tables are freed at once, so that both preconditions of "
    "lockless walks fail. Read off the sources of Linux 6.0 to 6.19 (MIPS with MMIDs), not seen on "
    "hardware. Modelled: ginvt as a broadcast that nobody notices, pte_free at once. Not modelled: "
    "what the freed page is used for";

constexpr KnownExposure kRows[] = {
    {.name = "a2b-mremap-table-aba",
     .on = WhereTablesMoveUnderWalkers,
     .signature = "no-stale-page: mremap_region / try_get_folio",
     .not_without = {"pmd-recheck", "pte-recheck"},
     .schedules = {"gup_vs_mm/exposed/mremap-table-aba.walk"},
     .account = "A2b: mremap moves a whole table away and back while a walker stands in it, and at "
                "the other address the same page is put into it again; both re-reads of the walker "
                "find what they found before. No IPI holds the move up. Modelled: move_normal_pmd "
                "and the flush of 6.1. Not modelled: how long a vCPU or CPU must be held up for "
                "it, which is two system calls of another thread"},
    {.name = "a14-mips-mmid",
     .on = TablesAreExposed,
     .signature = "no-table-use-after-free: */gup_pmd_range",
     .not_without = {},
     .schedules = {"gup_vs_mm/exposed/mips-mmid-munmap.walk",
                   "gup_vs_mm/exposed/mips-mmid-collapse.walk"},
     .account = kMipsMmid},
    {.name = "a7-mips-mmid",
     .on = TablesAreExposed,
     .signature = "no-stale-page: huge_pmd_unshare / try_get_folio",
     .not_without = {"follow-vma-lock"},
     .schedules = {"gup_vs_mm/exposed/a7-mips-mmid.walk"},
     .account = "A7 with the fix in: huge_pmd_unshare's tlb_remove_table_sync_one is empty where "
                "tables are not freed by RCU, and the flush interrupts nobody. Not modelled: MIPS "
                "does not select ARCH_WANT_HUGE_PMD_SHARE, so that no such kernel shares; an "
                "architecture of these knobs that did would be exposed"},
    {.name = "a14-mips-mmid-find-linux-pte",
     .on = TablesAreExposed,
     .signature = "no-table-use-after-free: */find_linux_pte",
     .not_without = {},
     .schedules = {"gup_vs_mm/exposed/a14-mips-mmid-find-linux-pte.walk"},
     .account = "A14, and powerpc's walk in GUP-fast's place: that interrupts are off holds up "
                "neither flush nor free. Modelled: what a14-mips-mmid models. Not modelled: "
                "find_linux_pte is powerpc's, so that no kernel of this profile has it; an "
                "architecture of these knobs that took it over would be exposed"},
    {.name = "a14-mips-mmid-kvm-walk",
     .on = TablesAreExposed,
     .signature = "no-table-use-after-free: */walk_host_tables",
     .not_without = {},
     .schedules = {"gup_vs_mm/exposed/a14-mips-mmid-kvm-walk.walk"},
     .account = "A14, and KVM's walk of the host's tables in GUP-fast's place. Modelled: what "
                "a14-mips-mmid models. Not modelled: the walk is that of x86 and arm64, and KVM "
                "for MIPS does none; nor the notifier's sequence, which drops a wrong answer and "
                "does not keep a freed table from being read"},
    {.name = "a14-mips-mmid-perf-walk",
     .on = TablesAreExposed,
     .signature = "no-table-use-after-free: */perf_get_pgtable_size",
     .not_without = {},
     .schedules = {"gup_vs_mm/exposed/a14-mips-mmid-perf-walk.walk"},
     .account = "A14, and perf's walk for the page size of a sample in GUP-fast's place; it is "
                "generic code, which is compiled wherever GUP-fast is. Modelled: what "
                "a14-mips-mmid models, and the sample as a call with interrupts off. Not modelled: "
                "an overflow in the middle of an operation of its own CPU"},
    {.name = "fork-huge-pin",
     .on = Everywhere,
     .signature = "exclusive-when-pinned: page_try_dup_anon_rmap / try_get_folio",
     .not_without = {"fork-seqcount", "fork-early-copy", "fork-begin-barrier", "fork-end-barrier"},
     .memory = MemoryKind::kMca,
     .schedules = {"gup_vs_mm/exposed/fork-huge-pin.walk"},
     .account =
         "fork makes write_protect_seq odd and looks at the pins of a huge page, GUP-fast pins and "
         "reads the sequence: each may miss the other, since nothing between fork's two is a full "
         "barrier (smp_wmb, and the table locks' acquire). A base page's pins are in the word that "
         "fork's own reference changes, a huge page's are not. By the kernel's memory model, of "
         "6.1 "
         "and 6.12 (corpus/litmus/PIN-fork+pincountmb+seqwmb.litmus); not seen on hardware, and "
         "not "
         "possible where taking a lock is a full barrier (x86, s390). Modelled: copy_huge_pmd() of "
         "6.1. Not modelled: what the allocation of the child's table may order"},
    {.name = "longterm-pin-of-file",
     .on = Everywhere,
     .signature = "no-forbidden-page: */*",
     .not_without = {},
     .tree_before = "6.5",
     .schedules = {},
     .account =
         "a long-term pin for writing of a page whose filesystem keeps track of dirty pages: "
         "refused since 6.5 (8ac268436e6d, a6e79df92e4a). Modelled: GUP of the tree. Not "
         "modelled: the filesystem"},
};

bool AnyOf(std::span<const wr_cut> wanted, const Cuts& cuts) {
  return std::ranges::any_of(
      cuts, [&](const wr_cut& cut) { return std::ranges::find(wanted, cut) != wanted.end(); });
}

// 6.10 has gup_fast_pmd_range() for gup_pmd_range(), and so on.
std::string OldName(absl::string_view function) {
  constexpr absl::string_view kSince = "gup_fast_";
  return absl::StartsWith(function, kSince) ? absl::StrCat("gup_", function.substr(kSince.size()))
                                            : std::string(function);
}

bool IsOf(const KnownExposure& row, const RunContext& run) {
  if (row.tree_before != nullptr &&
      (run.tree == nullptr || !IsReleaseBefore(run.tree->release, row.tree_before))) {
    return false;
  }
  return run.memory >= row.memory && row.on(*run.profile) && !AnyOf(row.not_without, run.cuts);
}

// "oracle: first / second" against a pattern of the same shape.
bool Matches(const std::string& signature, const char* pattern) {
  const std::vector<std::string> said = absl::StrSplit(signature, absl::ByAnyChar(":/"));
  const std::vector<std::string> wanted = absl::StrSplit(pattern, absl::ByAnyChar(":/"));
  if (said.size() != wanted.size()) return false;
  for (size_t i = 0; i < said.size(); ++i) {
    const auto word = absl::StripAsciiWhitespace(wanted[i]);
    if (word != "*" && word != OldName(absl::StripAsciiWhitespace(said[i]))) return false;
  }
  return true;
}

}  // namespace

std::span<const KnownExposure> KnownExposures() { return kRows; }

const KnownExposure* FindKnownExposure(const RunContext& run, const std::string& signature) {
  for (const KnownExposure& row : kRows) {
    if (IsOf(row, run) && Matches(signature, row.signature)) return &row;
  }
  return nullptr;
}

}  // namespace walkrace
