// Steps whose footprints do not conflict may change places: a run and any other order of its steps
// that keeps conflicting ones apart give the same verdict and leave the same behind. It is all that
// searches with reduction rest on, and here it is tried on every operation, variant and profile.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/build_info.h"
#include "base/random.h"
#include "engine/step_order.h"
#include "harness/harness_test_bed.h"
#include "harness/replays.h"
#include "harness/step_test_bed.h"
#include "oracle/oracle_footprints.h"

namespace walkrace {
namespace {

const uint64_t kRuns = std::strcmp(kFlavour, "plain") == 0 ? 20'000 : 2'000;

// Of memory, as the run left it.
std::string Memory(const Engine& engine) {
  return {static_cast<const char*>(engine.AddressOf(0)), size_t{object_count} * 8};
}

// What must not depend on the order.
struct End {
  std::string verdict;
  ClassHash order;
  std::string memory;
  bool strayed;

  friend bool operator==(const End&, const End&) = default;
};

std::string Say(const End& a, const End& b) {
  if (b.strayed) return "a step could not go there";
  if (a.verdict != b.verdict) return a.verdict + " became " + b.verdict;
  for (LocationId i = 0; i < object_count; ++i) {
    if (std::memcmp(&a.memory[size_t{i} * 8], &b.memory[size_t{i} * 8], 8) == 0) continue;
    return "memory: " + NameOf(i) + " at " + std::to_string(i);
  }
  return "other footprints";
}

std::string Say(const Step& step) {
  std::string text = "CPU " + std::to_string(step.cpu) + " (guard " +
                     std::to_string(static_cast<int>(step.guard)) + "):";
  for (const Footprint::Entry& entry : step.footprint.entries()) {
    text += entry.object < object_count ? " " + NameOf(entry.object) + "#" : " ";
    text += std::to_string(entry.object) + "/" + std::to_string(entry.how);
  }
  return text;
}

std::string Events(const Engine& engine, uint32_t step) {
  std::string text;
  for (size_t i = 0; i < engine.event_count(); ++i) {
    const Event& event = engine.events()[i];
    if (event.step != step) continue;
    text += " [" + std::to_string(static_cast<int>(event.kind)) + "." +
            std::to_string(event.detail) + " " +
            (event.location == kNoLocation ? "" : NameOf(event.location)) +
            (event.site == nullptr ? "" : std::string(" ") + event.site->function) + "]";
  }
  return text;
}

// Another order of the same steps, drawn at random. Of a run that a verdict has cut short the last
// step stays the last.
std::vector<size_t> DrawOrder(const StepOrder& order, bool keep_last, Random& random) {
  std::vector<size_t> steps;
  const size_t movable = order.size() - (keep_last ? 1 : 0);
  size_t next_of[kCpusMax];
  for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) next_of[cpu] = order.NextOf(cpu, 0);
  CpuId current = kNoCpu;
  while (steps.size() < movable) {
    std::vector<size_t> ready;
    for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) {
      const size_t next = next_of[cpu];
      if (next >= movable) continue;
      bool all = true;
      for (CpuId other = 0; other < kCpusMax; ++other) {
        if (other != cpu) all = all && order.clock(next).of[other] <= next_of[other];
      }
      if (all) ready.push_back(next);
    }
    size_t chosen = ready[random.Below(ready.size())];
    for (const size_t step : ready) {
      if (order.step(step).cpu == current && !random.OneIn(3)) chosen = step;
    }
    current = order.step(chosen).cpu;
    next_of[current] = order.NextOf(current, chosen + 1);
    steps.push_back(chosen);
  }
  if (keep_last) steps.push_back(movable);
  return steps;
}

class Commute : public ::testing::TestWithParam<int> {
 protected:
  End RunIn(const Scenario& scenario, const RunContext& context, uint64_t seed) {
    Runner& runner = Runner::Get();
    const Report report = runner.Run(scenario, context, recorder_, seed);
    recorder_.EndRun(report.run);
    outcome_ = report.run.outcome;
    raced_ = IsDataRace(report);  // which ThreadSanitizer sees by chance
    return {OracleOf(report), recorder_.order().Class(), Memory(runner.engine()),
            recorder_.strayed()};
  }

  // The first exchange of two neighbours, on the way from one order to the other, that matters.
  std::string Explain(const Scenario& scenario, const RunContext& context, const End& expected,
                      const std::vector<CpuId>& cpus, std::vector<size_t> to) {
    std::vector<size_t> now(to.size());
    for (size_t i = 0; i < now.size(); ++i) now[i] = i;
    const auto run = [&](const std::vector<size_t>& steps) {
      std::vector<CpuId> order;
      order.reserve(steps.size());
      for (const size_t step : steps) order.push_back(cpus[step]);
      recorder_.Use(order);
      return RunIn(scenario, context, 0);
    };
    for (size_t i = 0; i < to.size(); ++i) {
      size_t at = std::find(now.begin(), now.end(), to[i]) - now.begin();
      for (; at > i; --at) {
        std::swap(now[at - 1], now[at]);
        const End end = run(now);
        if (end == expected) continue;
        std::swap(now[at - 1], now[at]);
        (void)run(now);
        const Engine& engine = Runner::Get().engine();
        const auto step = static_cast<uint32_t>(at);
        return "steps " + std::to_string(at) + ", " + std::to_string(at + 1) + "\n" +
               Say(recorder_.order().step(at - 1)) + Events(engine, step) + "\n" +
               Say(recorder_.order().step(at)) + Events(engine, step + 1) + "\n" +
               Say(expected, end);
      }
    }
    return "each exchange by itself is well";
  }

  StepRecorder recorder_{Runner::Get().engine_to_search(), footprints_};
  OracleFootprints footprints_{Runner::Get().engine_to_search(), Runner::Get().oracles()};
  Outcome outcome_ = Outcome::kFinished;
  bool raced_ = false;
};

constexpr int kShards = 4;
INSTANTIATE_TEST_SUITE_P(Shards, Commute, ::testing::Range(0, kShards));

// A pair of steps that do not commute and that one order in 10,000 exchanges is missed with a
// probability of (1 - 1/10000)^80000, below 1e-3.
TEST_P(Commute, StepsThatDoNotConflict) {
  if (RacesAreSeen()) GTEST_SKIP() << "a data race that is seen cuts a run short";
  Runner::Get().set_backend(Fibers());
  const std::unique_ptr<Strategy> strategies[] = {MakeRandomStrategy(), MakePctStrategy(3)};
  Random random(100 + GetParam());
  std::map<std::string, int> verdicts;
  std::map<std::string, int> failures;
  const char* asked = std::getenv("WALKRACE_COMMUTE_RUNS");
  const uint64_t runs = asked == nullptr ? kRuns : std::strtoull(asked, nullptr, 10);
  ScenarioDraw draw;
  for (uint64_t i = 0; i < runs; ++i) {
    const RunContext context = draw.Next(random);
    const Scenario& scenario = draw.scenario();
    recorder_.Use(*strategies[i % 2]);
    const End first = RunIn(scenario, context, random.Next());
    if (outcome_ == Outcome::kStepBound || raced_) continue;
    ++verdicts[first.verdict];
    const std::vector<CpuId> cpus = recorder_.chosen();
    const std::vector<size_t> order =
        DrawOrder(recorder_.order(), outcome_ == Outcome::kStopped, random);
    std::vector<CpuId> other;
    other.reserve(order.size());
    for (const size_t step : order) other.push_back(cpus[step]);
    recorder_.Use(other);
    if (const End second = RunIn(scenario, context, 0); second == first || raced_) continue;
    const std::string why = Explain(scenario, context, first, cpus, order);
    ADD_FAILURE() << "run " << i << ", " << context.profile->name << ", " << draw.variant() << "\n"
                  << why;
    if (failures.size() + ++failures[why] > 3) break;
  }
  for (const auto& [verdict, count] : verdicts) std::printf("%s %d\n", verdict.c_str(), count);
  Runner::Get().set_backend(OsThreads());
}

}  // namespace
}  // namespace walkrace
