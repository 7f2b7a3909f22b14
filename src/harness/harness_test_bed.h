// For tests only: scenarios from text, contexts from names, runs kept for comparison, and failures
// as one block that a person can paste.
#ifndef WALKRACE_HARNESS_HARNESS_TEST_BED_H_
#define WALKRACE_HARNESS_HARNESS_TEST_BED_H_

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/check.h"
#include "harness/context.h"
#include "harness/describe.h"
#include "harness/hunt.h"
#include "harness/runner.h"
#include "scenario/text_codec.h"

namespace walkrace {

inline constexpr char kSeedScenario[] =
    "cpu 0\n pin 0-1 write\n write-pinned\n unpin\n"
    "cpu 1\n collapse 0-7\n";

// A .walk file without its version line.
inline WalkFile FileOf(const std::string& text) {
  const auto file = ParseText("walkrace 1\n" + text);
  if (!file.ok()) std::fprintf(stderr, "%s\n%s\n", file.status().ToString().c_str(), text.c_str());
  WR_CHECK(file.ok());
  return *file;
}
inline Scenario ScenarioOf(const std::string& text) { return FileOf(text).input.scenario; }

// `variants`: "a,b", or "" for the unmodified paths.
inline ResolvedContext ContextOf(const char* profile, const char* variants = "") {
  const auto names = SplitVariants(variants);
  WR_CHECK(names.ok());
  const auto context = ResolveContext({"gup_vs_collapse", *names, true, profile}, nullptr);
  WR_CHECK(context.ok());
  return *context;
}

// A hunt that runs all its schedules and finds nothing.
inline HuntResult HuntThatStaysClean(const HuntOptions& options) {
  const HuntResult result = Hunt(options);
  EXPECT_EQ(result.schedules, options.schedules_max);
  EXPECT_EQ(result.first_violation_at, 0u)
      << result.report.violation.oracle << ": " << result.report.violation.message << "\n"
      << PrintText(result.file) << "# walkrace replay FILE";
  return result;
}

inline std::string OracleOf(const Report& report) {
  return report.clean() ? "clean" : report.violation.oracle;
}

// Everything that a run leaves behind.
struct KeptRun {
  Report report;
  std::vector<Event> events;
  std::vector<Preemption> taken;

  static KeptRun Last(const Report& report) {
    const Engine& engine = Runner::Get().engine();
    return {report,
            {engine.events(), engine.events() + engine.event_count()},
            {engine.taken().begin(), engine.taken().end()}};
  }
};

// Byte for byte.
inline bool SameRun(const KeptRun& a, const KeptRun& b) {
  const Violation &u = a.report.violation, &v = b.report.violation;
  return a.report.run.outcome == b.report.run.outcome && a.report.run.steps == b.report.run.steps &&
         a.report.run.preemptions == b.report.run.preemptions &&
         a.report.run.hand_overs == b.report.run.hand_overs &&
         a.report.run.trace_hash == b.report.run.trace_hash && a.taken == b.taken &&
         a.events.size() == b.events.size() &&
         (a.events.empty() ||
          std::memcmp(a.events.data(), b.events.data(), a.events.size() * sizeof(Event)) == 0) &&
         OracleOf(a.report) == OracleOf(b.report) && u.step == v.step && u.cpu == v.cpu &&
         u.first_event == v.first_event && u.second_event == v.second_event &&
         std::strcmp(u.message, v.message) == 0;
}

// The last run as a file, the verdict, and the commands for it.
inline std::string Paste(const Scenario& scenario, const ResolvedContext& context,
                         const Report& report) {
  const WalkFile file = FileOfLastRun(Runner::Get(), scenario, context, report);
  return "\nfound " + OracleOf(report) + ": " + report.violation.message + "\n# save as f.walk:\n" +
         PrintText(file) + "# walkrace replay f.walk\n# walkrace minimize f.walk -o min.walk\n";
}

// "x86-64" as a part of a test's name.
inline std::string TestNameOf(std::string name) {
  for (char& c : name) {
    if (c == '-') c = '_';
  }
  return name;
}

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_HARNESS_TEST_BED_H_
