#include "harness/replays.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "harness/describe.h"
#include "harness/race_reports.h"
#include "oracle/data_race_oracle.h"

namespace walkrace {
namespace {

std::string OracleOf(const Report& report) { return report.clean() ? "" : report.violation.oracle; }

int Gravity(const Report& report) { return report.clean() ? 0 : IsDataRace(report) ? 1 : 2; }

bool SameEvents(const Event* a, const Event* b, size_t count) {
  static_assert(std::has_unique_object_representations_v<Event>, "no padding");
  return count == 0 || std::memcmp(a, b, count * sizeof(Event)) == 0;
}

}  // namespace

bool MissedByChance(const Report& report, const std::string& oracle) {
  if (!RaceDetectorPresent() || (!report.clean() && oracle.empty())) return false;
  // It misses a race, or ends the run with one before the other invariant is violated.
  const bool race_wanted = oracle.empty() || oracle == kDataRaceName;
  return race_wanted != IsDataRace(report);
}

Report ReplayFound(const Input& input, const RunContext& context, const std::string& oracle) {
  Runner& runner = Runner::Get();
  Report report = runner.Replay(input, context);
  for (int i = 1; i < kReplaysToSeeARace && MissedByChance(report, oracle); ++i) {
    report = runner.Replay(input, context);
  }
  return report;
}

bool IsDataRace(const Report& report) { return OracleOf(report) == kDataRaceName; }

bool ReplayTally::IsAlike(const Engine& engine, const Report& report) const {
  const size_t size = engine.event_count();
  if (!SameEvents(engine.events(), events_.data(), std::min(size, events_.size()))) return false;
  // Only a report of ThreadSanitizer may make one shorter, or its verdict another one.
  if (size < events_.size()) return IsDataRace(report);
  if (size > events_.size()) return IsDataRace(farthest_);
  return IsDataRace(report) || IsDataRace(farthest_) || OracleOf(report) == OracleOf(farthest_);
}

void ReplayTally::Add(const Engine& engine, const Report& report) {
  const bool first = replays_ == 0;
  const bool alike = first || IsAlike(engine, report);
  ++replays_;
  if (first) first_hash_ = report.run.trace_hash;
  traces_.Add(alike ? first_hash_ : report.run.trace_hash);
  alike_ = alike_ && alike;
  if (first || (alike && engine.event_count() > events_.size())) {
    events_.assign(engine.events(), engine.events() + engine.event_count());
    farthest_ = report;
  }
  if (IsDataRace(report)) ++races_;
  if (!report.clean() && first_violation_at_ == 0) first_violation_at_ = replays_;
  if (first || Gravity(report) > Gravity(report_)) {
    report_ = report;
    signature_ = SignatureOf(engine, report.violation);
    like_report_ = 0;
  }
  if (OracleOf(report) == OracleOf(report_)) ++like_report_;
}

}  // namespace walkrace
