#include "harness/matrix.h"

#include <chrono>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "harness/controls.h"
#include "harness/describe.h"
#include "harness/hunt.h"
#include "harness/interrupt.h"
#include "harness/minimizer.h"
#include "harness/replays.h"
#include "machine/profile_file.h"

namespace walkrace {
namespace {

constexpr uint64_t kSliceSchedules = 500;
constexpr uint64_t kCheckSchedules = 1000;  // for each strategy
constexpr uint64_t kSeed = 1;

void MakeSmall(const HuntResult& found, const ResolvedContext& context, MatrixCell& cell) {
  WalkFile file = found.file;
  const auto smallest = std::make_unique<MinimizeResult>();
  MinimizeOptions options;
  options.oracle = found.report.violation.oracle;
  options.progress = [](const InputSize&, uint64_t) { return !Interrupted(); };
  if (Minimize(found.file.input, context.run, options, *smallest)) {
    file = FileOfLastRun(Runner::Get(), smallest->input.scenario, context, smallest->report);
  }
  cell.preemptions = static_cast<int>(file.input.schedule.size());
  cell.walk = PrintText(file);
}

}  // namespace

std::string MatrixCell::found() const {
  switch (state) {
    case State::kBites:
      return oracle;
    case State::kClean:
      return "clean";
    case State::kSkipped:
      break;
  }
  return "skipped";
}

MatrixCell FillCell(const VariantRow* variant, const Profile& profile, double seconds,
                    const std::string& memory) {
  MatrixCell cell;
  cell.variant = variant == nullptr ? kUnmodified : variant->name;
  cell.profile = profile.name;
  cell.profile_text = absl::CHexEscape(TextOfProfile(profile));
  if (const char* why = variant == nullptr ? nullptr : WhySkipped(*variant); why != nullptr) {
    cell.state = MatrixCell::State::kSkipped;
    cell.expected = "skipped";
    cell.why = why;
    return cell;
  }

  const auto file = ControlFile(variant);
  HuntOptions options;
  options.context = ControlContext(variant, profile, memory);
  const MemoryKind kind = options.context.run.memory;
  const bool must_bite = MustBite(variant, profile, kind);
  if (kind != MemoryKind::kSc) cell.memory = MemoryRowOf(kind).name;
  options.scenario = file == nullptr ? nullptr : &file->input.scenario;
  if (variant != nullptr) options.strategy_options.depth = variant->pct_depth;
  options.schedules_max = kSliceSchedules;
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  size_t strategy_count;
  const StrategyRow* strategies = ControlStrategyRows(&strategy_count);
  for (uint64_t slice = 0; !Interrupted(); ++slice) {
    options.strategy = &strategies[slice % strategy_count];
    options.seed = kSeed + slice;
    const HuntResult hunted = Hunt(options);
    cell.schedules += hunted.schedules;
    cell.known_exposed += hunted.known_exposed;
    if (hunted.first_violation_at != 0) {
      cell.state = MatrixCell::State::kBites;
      cell.oracle = hunted.found();
      MakeSmall(hunted, options.context, cell);
      break;
    }
    // Where it must be found, time is not what decides.
    const bool may_end = !must_bite || cell.schedules >= kControlSchedulesMax;
    if (may_end && std::chrono::steady_clock::now() >= end) break;
  }
  cell.expected = ExpectedOf(variant, profile, kind, cell.found());
  return cell;
}

std::string CheckCell(const MatrixCell& cell) {
  const Profile* profile = FindProfile(cell.profile.c_str());
  if (profile == nullptr) return "there is no such profile any more";
  const bool unmodified = cell.variant == kUnmodified;
  const VariantRow* variant = unmodified ? nullptr : FindVariant(cell.variant.c_str());
  if (!unmodified && variant == nullptr) return "there is no such variant any more";
  const std::string memory = cell.memory.empty() ? "sc" : cell.memory;
  if (!MemoryNamed(memory, *profile).has_value()) return "there is no such memory model any more";
  const ResolvedContext context = ControlContext(variant, *profile, memory);
  switch (cell.state) {
    case MatrixCell::State::kSkipped:
      // Of an older walkrace.
      if (variant == nullptr || !NeedsWeakMemory(*variant)) return "";
      return "it was skipped for want of a memory model, and is no more; fill it again";
    case MatrixCell::State::kBites: {
      if (variant != nullptr && WhySkipped(*variant) != nullptr) return "";
      const auto file = ParseText(cell.walk);
      if (!file.ok()) return absl::StrCat("its schedule cannot be read: ", file.status().message());
      const Report report = ReplayFound(file->input, context.run, cell.oracle);
      if (!report.clean() && report.violation.oracle == cell.oracle) return "";
      return absl::StrCat("its schedule shows ", report.clean() ? "clean" : report.violation.oracle,
                          ", not ", cell.oracle, "\n", DriftOfLastReplay(Runner::Get(), *file));
    }
    case MatrixCell::State::kClean:
      break;
  }
  const auto file = ControlFile(variant);
  HuntOptions options;
  options.context = context;
  options.scenario = file == nullptr ? nullptr : &file->input.scenario;
  if (variant != nullptr) options.strategy_options.depth = variant->pct_depth;
  options.schedules_max = kCheckSchedules;
  size_t strategy_count;
  const StrategyRow* strategies = ControlStrategyRows(&strategy_count);
  for (size_t i = 0; i < strategy_count && !Interrupted(); ++i) {
    options.strategy = &strategies[i];
    const HuntResult hunted = Hunt(options);
    if (hunted.first_violation_at == 0) continue;
    return absl::StrCat("it is not clean any more: ", hunted.found(), ": ",
                        hunted.report.violation.message, "\n", PrintText(hunted.file));
  }
  return "";
}

}  // namespace walkrace
