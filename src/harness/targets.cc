#include "harness/targets.h"

#include "base/rows.h"

namespace walkrace {
namespace {

constexpr char kSeedsRace[] =
    "cpu 0\n  pin 0-1 write\n  write-pinned\n  unpin\n"
    "cpu 1\n  collapse 0-7\n";

constexpr TargetRow kRows[] = {
    {.name = "gup_vs_collapse",
     .summary = "GUP-fast against collapse, zap, fault-in and CPU accesses",
     .runs_scenarios = true,
     .mix = Mix::kCollapse,
     .always_variant = nullptr,
     .seed = kSeedsRace},
    {.name = "gup_vs_mm",
     .summary = "GUP-fast and other walkers against all that rewrites page tables",
     .runs_scenarios = true,
     .mix = Mix::kAll,
     .always_variant = nullptr,
     .seed = kSeedsRace},
    {.name = "canary",
     .summary = "gup_vs_collapse with the seed's race always in: must fail, or nothing is proved",
     .runs_scenarios = true,
     .mix = Mix::kCollapse,
     .always_variant = "collapse-race",
     .seed = kSeedsRace},
    {.name = "codec",
     .summary = "the byte and text parsers against hostile input",
     .runs_scenarios = false,
     .mix = Mix::kCollapse,
     .always_variant = nullptr},
};

}  // namespace

const TargetRow* TargetRows(size_t* count) {
  *count = sizeof(kRows) / sizeof(kRows[0]);
  return kRows;
}

const TargetRow* FindTarget(const char* name) { return FindRow(kRows, name); }

}  // namespace walkrace
