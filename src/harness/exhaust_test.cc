// The proof by reduction against enumeration without any: the same verdicts, the same ends, the
// same classes, none twice. And how a search ends, stops and goes on.
#include "harness/exhaust.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <ostream>
#include <set>
#include <string>

#include "base/random.h"
#include "engine/plain_search.h"
#include "harness/controls.h"
#include "harness/describe.h"
#include "harness/harness_test_bed.h"
#include "harness/known_exposures.h"
#include "harness/step_test_bed.h"
#include "oracle/oracle_footprints.h"

namespace walkrace {
namespace {

// Small enough for every interleaving.
struct Small {
  const char* name;
  const char* profile;
  const char* variant;
  const char* operations;
  bool violates;

  friend void PrintTo(const Small& small, std::ostream* out) { *out << small.name; }
};

const Small kSmall[] = {
    {"write_and_read", "x86-64", "", "cpu 0\n write 0\n read 0\ncpu 1\n write 0\n read 1\n", false},
    {"get_against_write", "arm64", "", "cpu 0\n get 0\ncpu 1\n write 0\n read 0\n", false},
    {"pin_written_through", "arm64", "", "cpu 0\n pin 0 write\n write-pinned\ncpu 1\n read 0\n",
     false},
    {"two_collapses", "x86-64", "", "cpu 0\n collapse 0-7\ncpu 1\n collapse 0-7\n", false},
    {"two_collapses_of_two_regions", "arm64", "",
     "map 0 rw\nmap 8 rw\ncpu 0\n collapse 0-7\ncpu 1\n collapse 8-15\n", false},
    {"collapse_by_ipi", "x86-64", "", "cpu 0\n collapse 0-7\ncpu 1\n write 0\n", false},
    {"collapse_by_broadcast", "arm64", "", "cpu 0\n collapse 0-7\ncpu 1\n read 0\n read 1\n",
     false},
    {"zap_against_write", "arm64", "", "map 0 rw\ncpu 0\n zap 0\ncpu 1\n write 0\n", false},
    {"three_cpus", "x86-64", "", "cpu 0\n read 0\ncpu 1\n read 0\n write 1\ncpu 2\n write 0\n",
     false},
    {"mremap_against_write", "arm64", "", "cpu 0\n mremap 0-7\ncpu 1\n write 0\n", false},
    {"mprotect_against_write", "arm64", "", "cpu 0\n mprotect 0\ncpu 1\n write 0\n", false},
    {"collapse_without_flush", "arm64", "no-collapse-flush",
     "cpu 0\n read 0\n read 1\n read 0\ncpu 1\n collapse 0-7\n", true},
    {"a_pin_that_is_forbidden", "x86-64", "longterm-write-of-file",
     "map 0 rw\nbacking 0-7 dirty-tracked\ncpu 0\n pin 0 write longterm\ncpu 1\n read 0\n", true},
};

struct Seen {
  std::set<std::string> verdicts;
  std::set<std::string> ends;  // verdict and memory
  std::set<ClassHash> classes;
  uint64_t runs = 0;  // that no verdict has cut short
};

class SmallScenario : public ::testing::TestWithParam<Small> {
 protected:
  void SetUp() override { Runner::Get().set_backend(Fibers()); }
  void TearDown() override { Runner::Get().set_backend(OsThreads()); }

  Seen SeenBy(ExhaustiveSearch& search, uint64_t schedules_max = UINT64_MAX) {
    const Scenario scenario = ScenarioOf(GetParam().operations);
    const RunContext context = ContextOf(GetParam().profile, GetParam().variant).run;
    Runner& runner = Runner::Get();
    Seen seen;
    while (search.schedules() < schedules_max && search.Next()) {
      const Report report = runner.Run(scenario, context, search, 0);
      const bool cut = report.run.outcome == Outcome::kStopped;
      search.EndRun(report.run, search.whole() && cut);
      if (!search.whole()) continue;
      const std::string memory(static_cast<const char*>(runner.engine().AddressOf(0)),
                               size_t{object_count} * 8);
      const std::string verdict = OracleOf(report);
      seen.verdicts.insert(verdict);
      // What has not happened yet when a verdict comes is no part of it.
      if (cut) continue;
      ++seen.runs;
      seen.ends.insert(verdict + std::to_string(std::hash<std::string>()(memory)));
      seen.classes.insert(search.order().Class());
    }
    return seen;
  }

  Engine& engine_ = Runner::Get().engine_to_search();
  OracleFootprints footprints_{engine_, Runner::Get().oracles()};
};
INSTANTIATE_TEST_SUITE_P(Scenarios, SmallScenario, ::testing::ValuesIn(kSmall));

TEST_P(SmallScenario, EverySearchSeesWhatPlainEnumerationSees) {
  if (RacesAreSeen()) GTEST_SKIP() << "data races are no part of a proof";
  constexpr uint64_t kSchedulesMax = 400'000;
  PlainSearch plain(engine_, footprints_);
  const Seen all = SeenBy(plain, kSchedulesMax);
  ASSERT_FALSE(plain.Next()) << "too large";
  EXPECT_EQ(all.verdicts.count("clean") != all.verdicts.size(), GetParam().violates);
  ReducedSearch reduced(engine_, footprints_);
  const Seen seen = SeenBy(reduced);
  EXPECT_EQ(seen.verdicts, all.verdicts);
  EXPECT_EQ(seen.ends, all.ends);
  EXPECT_EQ(seen.classes, all.classes);
  EXPECT_EQ(seen.runs, all.classes.size()) << "no class twice";
  BoundedSearch bounded(engine_, footprints_, 1000);
  const Seen within = SeenBy(bounded);
  EXPECT_EQ(within.ends, all.ends);
  EXPECT_EQ(within.classes, all.classes);
  EXPECT_FALSE(bounded.left_out());
  std::printf("%lu interleavings, %zu classes; reduced %lu schedules, bounded %lu\n",
              plain.schedules(), all.classes.size(), reduced.schedules(), bounded.schedules());
}

// --- Against samples ----------------------------------------------------------------------------

// Of scenarios that are too large to enumerate: whatever hunts meet, the search has met. A search
// that leaves out what one run in 1,000 does is seen with 20,000 runs, but for a probability of
// (1 - 1/1000)^20000, below 1e-8.
TEST(SampledScenarios, AreWithinWhatTheSearchSees) {
  if (RacesAreSeen()) GTEST_SKIP() << "data races are no part of a proof";
  Runner& runner = Runner::Get();
  runner.set_backend(Fibers());
  OracleFootprints footprints(runner.engine_to_search(), runner.oracles());
  StepRecorder recorder(runner.engine_to_search(), footprints);
  const std::unique_ptr<Strategy> strategies[] = {MakeRandomStrategy(), MakePctStrategy(3)};
  const char* asked = std::getenv("WALKRACE_SAMPLED_SCENARIOS");
  const uint64_t usual = std::strcmp(kFlavour, "plain") == 0 ? 150 : 20;
  const uint64_t scenarios = asked == nullptr ? usual : std::strtoull(asked, nullptr, 10);
  Random random(7);
  ScenarioDraw draw;
  uint64_t complete = 0, classes_in_all = 0, schedules_in_all = 0, violating = 0;
  for (uint64_t i = 0; i < scenarios; ++i) {
    const RunContext context = draw.Next(random);
    const Scenario& scenario = draw.scenario();
    ReducedSearch search(runner.engine_to_search(), footprints);
    std::set<ClassHash> classes;
    std::set<std::string> verdicts;
    while (search.schedules() < 3000 && search.Next()) {
      const Report report = runner.Run(scenario, context, search, 0);
      const bool cut = report.run.outcome == Outcome::kStopped;
      search.EndRun(report.run, search.whole() && cut);
      if (!search.whole()) continue;
      verdicts.insert(OracleOf(report));
      if (!cut) ASSERT_TRUE(classes.insert(search.order().Class()).second) << "a class twice";
    }
    if (search.Next()) continue;
    ++complete;
    classes_in_all += search.classes();
    schedules_in_all += search.schedules();
    violating += verdicts.size() > verdicts.count("clean") ? 1 : 0;
    for (int sample = 0; sample < 100; ++sample) {
      recorder.Use(*strategies[sample % 2]);
      const Report report = runner.Run(scenario, context, recorder, random.Next());
      recorder.EndRun(report.run);
      ASSERT_EQ(verdicts.count(OracleOf(report)), 1u)
          << draw.variant() << " on " << context.profile->name
          << Paste(scenario, ContextOf(context.profile->name), report);
      if (report.run.outcome == Outcome::kStopped) continue;
      ASSERT_EQ(classes.count(recorder.order().Class()), 1u)
          << draw.variant() << " on " << context.profile->name
          << Paste(scenario, ContextOf(context.profile->name), report);
    }
  }
  runner.set_backend(OsThreads());
  EXPECT_GE(complete, scenarios / 10);
  std::printf("%lu of %lu scenarios, %lu of them with violations: %lu classes, %lu schedules\n",
              complete, scenarios, violating, classes_in_all, schedules_in_all);
}

// --- Against the matrix -------------------------------------------------------------------------

// Of a control that 1,000 schedules exhaust: where the variant bites it is seen to, and where
// hunts have found nothing there is nothing.
class ExhaustedControls : public ::testing::TestWithParam<int> {};
constexpr int kControlShards = 4;
INSTANTIATE_TEST_SUITE_P(Shards, ExhaustedControls, ::testing::Range(0, kControlShards));

TEST_P(ExhaustedControls, SayWhatTheMatrixSays) {
  if (RacesAreSeen()) GTEST_SKIP() << "data races are no part of a proof";
  Runner& runner = Runner::Get();
  runner.set_backend(Fibers());
  OracleFootprints footprints(runner.engine_to_search(), runner.oracles());
  size_t profile_count, variant_count;
  const Profile* profiles = Profiles(&profile_count);
  const VariantRow* variants = VariantRows(&variant_count);
  uint64_t violations = 0, clean = 0, open = 0;
  const size_t stride = kControlShards * (std::strcmp(kFlavour, "plain") == 0 ? 1 : 7);
  for (size_t i = GetParam(); i < profile_count * variant_count; i += stride) {
    const VariantRow& variant = variants[i / profile_count];
    const Profile& profile = profiles[i % profile_count];
    if (WhySkipped(variant) != nullptr || NeedsWeakMemory(variant)) continue;
    const RunContext context = ControlContext(&variant, profile).run;
    const Scenario scenario = ControlFile(&variant)->input.scenario;
    ReducedSearch search(runner.engine_to_search(), footprints);
    bool violated = false;
    while (search.schedules() < 1000 && !violated && search.Next()) {
      const Report report = runner.Run(scenario, context, search, 0);
      violated =
          search.whole() && !report.clean() &&
          FindKnownExposure(context, SignatureOf(runner.engine(), report.violation)) == nullptr;
      search.EndRun(report.run, search.whole() && report.run.outcome == Outcome::kStopped);
    }
    const bool bites = variant.bites_on(profile);
    if (violated) {
      EXPECT_TRUE(bites) << variant.name << " on " << profile.name;
      ++violations;
    } else if (search.Next()) {
      ++open;
    } else {
      EXPECT_FALSE(bites) << variant.name << " on " << profile.name;
      ++clean;
    }
  }
  runner.set_backend(OsThreads());
  std::printf("%lu violations, %lu clean, %lu not exhausted\n", violations, clean, open);
}

// --- The search as a whole ----------------------------------------------------------------------

class ExhaustTest : public ::testing::Test {
 protected:
  void SetUp() override { Runner::Get().set_backend(Fibers()); }
  void TearDown() override { Runner::Get().set_backend(OsThreads()); }

  static ExhaustOptions OptionsOf(const char* profile, const char* variant,
                                  const char* operations = kSeedScenario) {
    ExhaustOptions options;
    options.context = ContextOf(profile, variant);
    options.scenario = ScenarioOf(operations);
    return options;
  }
};

// The seed's scenario and its half of one page, on every profile: with the fix, with each half of
// it alone, and without. Where a half alone is not enough is what MATRIX.md says of this scenario:
// where a deposit writes into the table, and where tables are exposed anyhow.
TEST_F(ExhaustTest, TheSeedsScenarioOnEveryProfile) {
  constexpr char kOnePage[] =
      "map 0 rw\ncpu 0\n pin 0 write\n write-pinned\n unpin\ncpu 1\n collapse 0-7\n";
  size_t count;
  const Profile* profiles = Profiles(&count);
  const size_t stride = std::strcmp(kFlavour, "plain") == 0 ? 1 : 6;
  for (size_t i = 0; i < count; i += stride) {
    const Profile& profile = profiles[i];
    for (const char* variant : {"", "collapse-race", "no-pmd-recheck", "no-table-sync"}) {
      // no-table-sync bites elsewhere too, but by a zap, which is not here.
      const std::string name = variant;
      const bool bites = !name.empty() && FindVariant(variant)->bites_on(profile) &&
                         (name != "no-table-sync" || profile.deposit_writes_table);
      for (const char* operations : {kSeedScenario, kOnePage}) {
        const ExhaustOptions options = OptionsOf(profile.name, variant, operations);
        const ExhaustResult result = Exhaust(options);
        EXPECT_EQ(result.end, bites ? ExhaustEnd::kViolation : ExhaustEnd::kComplete)
            << profile.name << " " << variant << "\n"
            << operations << OracleOf(result.report);
        EXPECT_TRUE(result.confirmed);
        if (!bites) EXPECT_EQ(result.schedules, result.classes) << "as good as optimal";
      }
    }
  }
}

TEST_F(ExhaustTest, OnePreemptionIsAFalseGreenAndSaysSo) {
  ExhaustOptions options = OptionsOf("arm64", "collapse-race");
  options.preemptions = 1;
  const ExhaustResult one = Exhaust(options);
  EXPECT_EQ(one.end, ExhaustEnd::kBounded);
  EXPECT_EQ(one.bound, 1u);
  options.preemptions = 2;
  const ExhaustResult two = Exhaust(options);
  ASSERT_EQ(two.end, ExhaustEnd::kViolation);
  EXPECT_EQ(OracleOf(two.report), "no-pinned-page-freed");
  EXPECT_EQ(two.file.input.schedule.size(), 2u);
  EXPECT_TRUE(two.confirmed);
}

TEST_F(ExhaustTest, StopsAndGoesOnWhereItStopped) {
  constexpr char kOnePage[] = "map 0 rw\ncpu 0\n pin 0 write\n unpin\ncpu 1\n collapse 0-7\n";
  ExhaustOptions options = OptionsOf("x86-64", "", kOnePage);
  const ExhaustResult at_once = Exhaust(options);
  ASSERT_EQ(at_once.end, ExhaustEnd::kComplete);
  options.seconds_max = 0;
  ExhaustState state;
  ExhaustResult last;
  int stops = -1;
  do {
    last = Exhaust(options);
    // Through the file's form each time.
    const auto parsed = ParseState(PrintState(last.state));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    state = *parsed;
    options.resumed = &state;
    options.seconds_max = options.seconds_max * 1.5 + 0.01;  // some bound fits into it one day
    ASSERT_LT(++stops, 100);
  } while (last.end == ExhaustEnd::kStopped);
  EXPECT_GE(stops, 1);
  ASSERT_EQ(last.end, ExhaustEnd::kComplete);
  EXPECT_EQ(last.classes, at_once.classes);
  EXPECT_EQ(last.schedules, at_once.schedules);
}

TEST_F(ExhaustTest, RefusesWhatIsOfAnotherScenario) {
  ExhaustOptions options = OptionsOf("x86-64", "");
  options.seconds_max = 0;
  const ExhaustState state = Exhaust(options).state;
  options.resumed = &state;
  const auto end_with = [&options](auto change) {
    ExhaustOptions other = options;
    change(other);
    return Exhaust(other).end;
  };
  EXPECT_EQ(end_with([](ExhaustOptions&) {}), ExhaustEnd::kStopped) << "the same";
  EXPECT_EQ(end_with([](ExhaustOptions& other) { other.context = ContextOf("arm64"); }),
            ExhaustEnd::kStale);
  EXPECT_EQ(end_with([](ExhaustOptions& other) { other.preemptions = 1; }), ExhaustEnd::kStale);
  EXPECT_EQ(end_with([](ExhaustOptions& other) { other.strict = true; }), ExhaustEnd::kStale);
}

TEST(ExhaustStateTest, RefusesWhatItDidNotWrite) {
  EXPECT_FALSE(ParseState("").ok());
  EXPECT_FALSE(ParseState("{}").ok());
  EXPECT_FALSE(ParseState("[1,2").ok());
  EXPECT_TRUE(ParseState(PrintState(ExhaustState())).ok());
  ExhaustState state;
  state.path.push_back({3, 0, 1, 0, 0, {}, {}});
  const std::string text = PrintState(state);
  ASSERT_TRUE(ParseState(text).ok());
  // A CPU that is none, and one that cannot run.
  for (const CpuId chosen : {9, 2, -1}) {
    ExhaustState other = state;
    other.path[0].chosen = chosen;
    EXPECT_FALSE(ParseState(PrintState(other)).ok()) << chosen;
  }
  // Well-formed, and not what was written.
  std::string other = text;
  other.replace(other.find("\"bounds_done\":0"), 15, "\"bounds_done\":2");
  EXPECT_FALSE(ParseState(other).ok());
  for (size_t length = 0; length + 2 < text.size(); ++length) {
    EXPECT_FALSE(ParseState(text.substr(0, length)).ok());
  }
}

// --- Under weak memory --------------------------------------------------------------------------

constexpr char kGetAgainstCollapse[] = "map 0 rw\ncpu 0\n get 0\ncpu 1\n collapse 0-7\n";

// What the walker's reference orders, taken out: sequential consistency hides it.
TEST_F(ExhaustTest, FindsAMissingBarrierUnderWeakMemoryAlone) {
  if (RacesAreSeen()) GTEST_SKIP() << "data races are no part of a proof";
  ExhaustOptions options = OptionsOf("arm64", "reference-relaxed-no-sync", kGetAgainstCollapse);
  const ExhaustResult sequential = Exhaust(options);
  EXPECT_EQ(sequential.end, ExhaustEnd::kComplete);
  EXPECT_TRUE(sequential.report.clean());

  options.context.run.memory = MemoryKind::kLkmm;
  options.preemptions = 3;
  const ExhaustResult weak = Exhaust(options);
  ASSERT_EQ(weak.end, ExhaustEnd::kViolation);
  EXPECT_EQ(OracleOf(weak.report), "no-pinned-page-freed");
  EXPECT_TRUE(weak.confirmed);
  EXPECT_LE(weak.covered_bound.value_or(100), 3u);
  EXPECT_EQ(weak.file.memory, "lkmm");
  // Its exceptions lead there again.
  const Report replayed = Runner::Get().Replay(weak.file.input, options.context.run);
  EXPECT_EQ(replayed.run.trace_hash, weak.report.run.trace_hash);
  EXPECT_EQ(OracleOf(replayed), "no-pinned-page-freed");
}

TEST_F(ExhaustTest, UnderWeakMemoryABoundIsOfExceptions) {
  if (RacesAreSeen()) GTEST_SKIP() << "data races are no part of a proof";
  ExhaustOptions options = OptionsOf("arm64", "", kGetAgainstCollapse);
  options.context.run.memory = MemoryKind::kLkmm;
  options.preemptions = 2;
  const ExhaustResult bounded = Exhaust(options);
  EXPECT_EQ(bounded.end, ExhaustEnd::kBounded);
  EXPECT_EQ(bounded.bound.value_or(100), 2u);
  EXPECT_TRUE(bounded.report.clean());
  EXPECT_EQ(bounded.covered, 1);
  EXPECT_GT(bounded.schedules, bounded.schedules_before);
}

// So small that all bounds together leave nothing out.
TEST_F(ExhaustTest, UnderWeakMemoryItGoesOnUntilNothingIsLeftOut) {
  if (RacesAreSeen()) GTEST_SKIP() << "data races are no part of a proof";
  ExhaustOptions options = OptionsOf("arm64", "", "cpu 0\n read 0\ncpu 1\n read 1\n");
  for (const MemoryKind memory : {MemoryKind::kTso, MemoryKind::kMca, MemoryKind::kLkmm}) {
    options.context.run.memory = memory;
    options.seconds_max = 20;
    const ExhaustResult result = Exhaust(options);
    EXPECT_EQ(result.end, ExhaustEnd::kComplete) << MemoryRowOf(memory).name;
    std::printf("%s: %lu schedules\n", MemoryRowOf(memory).name,
                result.schedules + result.schedules_before);
  }
}

}  // namespace
}  // namespace walkrace
