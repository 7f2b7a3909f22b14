#include "harness/tree_check.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "harness/hunt.h"
#include "harness/runner.h"
#include "kernel/notes.h"
#include "machine/inspect.h"
#include "scenario/text_codec.h"

namespace walkrace {
namespace {

constexpr char kProfile[] = "arm64";  // nothing waits for a walker there but what must
constexpr uint64_t kControlSchedules = 20'000;

// What GUP has to return, and how.
struct GupCheck {
  const char* name;
  const char* scenario;  // one GUP call
  int pages;
  bool without_lock;
};

constexpr GupCheck kGups[] = {
    {"GET of a page", "map 0 rw\ncpu 0\n get 0\n", 1, true},
    {"GET of a batch", "map 0-7 rw\ncpu 0\n get 0-7\n", 8, true},
    {"PIN of two pages", "map 0-1 rw\ncpu 0\n pin 0-1\n", 2, true},
    {"PIN for writing", "map 0 rw\ncpu 0\n pin 0 write\n", 1, true},
    {"long-term PIN", "map 0 rw\ncpu 0\n pin 0 write longterm\n", 1, true},
    {"PIN of a read-only exclusive page", "map 0 ro\ncpu 0\n pin 0\n", 1, true},
    {"PIN of a page of a file", "map 0 rw\nbacking 0-7 file\ncpu 0\n pin 0 write\n", 1, true},
    {"GET of a huge leaf", "map-huge 0-7 rw\ncpu 0\n get 3\n", 1, true},
    {"PIN of a batch of a huge leaf", "map-huge 0-7 rw\ncpu 0\n pin 0-7 write\n", 8, true},
    {"PIN for writing of a read-only page", "map 0 ro\ncpu 0\n pin 0 write\n", 1, false},
    {"GET of a page that is not there", "map none\ncpu 0\n get 0\n", 1, false},
};

// What an operation has to leave of page 0.
struct MutatorCheck {
  const char* name;
  const char* scenario;
  bool mapped;
  bool huge;
};

constexpr MutatorCheck kMutators[] = {
    {"collapse of base pages", "map 0-7 rw\ncpu 0\n collapse 0-7\n", true, true},
    {"collapse of a few base pages", "map 0 rw\ncpu 0\n collapse 0-7\n", true, true},
    {"collapse with a pinned page backs off", "map 0 rw\ncpu 0\n pin 0\n collapse 0-7\n", true,
     false},
    {"zap of a page", "map 0 rw\ncpu 0\n zap 0\n", false, false},
    {"zap of a huge page", "map-huge 0-7 rw\ncpu 0\n zap 0-7\n", false, false},
    {"zap of a part of a huge page", "map-huge 0-7 rw\ncpu 0\n zap 1\n", true, false},
};

constexpr char kControlScenario[] = "map 0 rw\ncpu 0\n get 0\ncpu 1\n zap 0\n fault 2\n";

Input InputOf(const char* scenario) {
  auto file = ParseText(absl::StrCat("walkrace 1\n", scenario));
  WR_CHECK(file.ok());
  return file->input;
}

std::string WhyNot(const Report& report) {
  if (report.clean()) return "";
  return absl::StrCat(report.violation.oracle, ": ", report.violation.message);
}

std::string CheckGup(const GupCheck& check, const RunContext& context) {
  Runner& runner = Runner::Get();
  const Report report = runner.Replay(InputOf(check.scenario), context);
  if (!report.clean()) return WhyNot(report);
  uint64_t pages = 0;
  bool locked = false;
  bool mapped = true;
  for (size_t i = 0; i < runner.engine().event_count(); ++i) {
    const Event& event = runner.engine().events()[i];
    if (event.kind == EventKind::kLock) locked = true;
    if (event.kind != EventKind::kNote || event.detail != WR_NOTE_PAGE_RETURNED) continue;
    ++pages;
    const uint64_t pfn = event.after & UINT32_MAX;
    mapped = mapped && Translate(AreaPage(event.before)).pfn == pfn;
  }
  if (pages != static_cast<uint64_t>(check.pages)) {
    return absl::StrCat("returned ", pages, " pages, not ", check.pages);
  }
  if (!mapped) return "returned another page than the one that is mapped";
  if (locked && check.without_lock) return "took a lock: the fast path did not return the page";
  if (!locked && !check.without_lock) return "took no lock, although the page was not to be had so";
  return "";
}

std::string CheckMutator(const MutatorCheck& check, const RunContext& context) {
  const Report report = Runner::Get().Replay(InputOf(check.scenario), context);
  if (!report.clean()) return WhyNot(report);
  const Translation left = Translate(0);
  if ((left.pfn != 0) != check.mapped)
    return check.mapped ? "left nothing mapped" : "left it mapped";
  if (left.huge != check.huge) return check.huge ? "left no huge page" : "left a huge page";
  return "";
}

// What is wrong with the tree itself is for a hunt to say: here something has to be found at all.
std::string CheckControl(const RunContext& context) {
  const Scenario scenario = InputOf(kControlScenario).scenario;
  const std::unique_ptr<Strategy> strategy = FindStrategy("random")->make({});
  SetTreeControl(true);
  const char* found = nullptr;
  for (uint64_t i = 0; i < kControlSchedules && found == nullptr; ++i) {
    found = Runner::Get().Run(scenario, context, *strategy, i).violation.oracle;
  }
  SetTreeControl(false);
  if (found == std::string("no-stale-page")) return "";
  if (found != nullptr) return absl::StrCat("caught by ", found, ", not by no-stale-page");
  return absl::StrCat("not caught within ", kControlSchedules,
                      " schedules: the walker's re-check of the pte is not where the harness looks "
                      "for it, or nothing is judged");
}

}  // namespace

std::vector<TreeCheckResult> CheckTree(const wr_tree& tree) {
  const RunContext context = {FindProfile(kProfile), {}, &tree};
  std::vector<TreeCheckResult> results;
  for (const GupCheck& check : kGups) results.push_back({check.name, CheckGup(check, context)});
  for (const MutatorCheck& check : kMutators) {
    results.push_back({check.name, CheckMutator(check, context)});
  }
  results.push_back({"control: the re-check of the pte taken out", CheckControl(context)});
  return results;
}

}  // namespace walkrace
