#include "target/minimizer.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/random.h"
#include "harness/interrupt.h"

namespace walkrace {
namespace {

constexpr uint64_t kSchedulesPerScenario = 1000;
constexpr int kReplaysToSeeARace = 20;  // ThreadSanitizer evicts accesses by chance

class Minimizer {
 public:
  Minimizer(TargetRunner& runner, const char* violated, TargetInput& best)
      : runner_(runner), violated_(violated), best_(best) {
    replays_ = violated == kDataRace ? kReplaysToSeeARace : 1;
    StrategyOptions options;
    search_ = FindStrategy("portfolio")->make(options);
  }

  void Minimize() {
    (void)TryReplay(best_);  // what did not take effect goes
    bool smaller = true;
    while (smaller && !Interrupted()) {
      smaller = RemoveCpus();
      smaller |= RemoveCalls();
      smaller |= LowerArguments();
      smaller |= RemovePreemptions();
      if (!smaller) smaller = FindFewerPreemptions();
    }
    (void)TryReplay(best_);
  }

  uint64_t runs() const { return runs_; }

 private:
  bool Same(const TargetVerdict& verdict) {
    ++runs_;
    watchdog_.Pat();
    return verdict.violated != nullptr && std::strcmp(verdict.violated, violated_) == 0;
  }

  void Take(const TargetInput& candidate) {
    const Schedule taken = runner_.engine().taken();
    best_ = candidate;
    best_.schedule = taken;
  }

  bool TryReplay(const TargetInput& candidate) {
    for (int i = 0; i < replays_; ++i) {
      if (!Same(runner_.Replay(candidate))) continue;
      Take(candidate);
      return true;
    }
    return false;
  }

  // Whether some other schedule does it.
  bool TrySearch(const TargetInput& candidate) {
    for (uint64_t i = 0; i < kSchedulesPerScenario && !Interrupted(); ++i) {
      if (!Same(runner_.Run(candidate, *search_, SplitSeed(runs_, i)))) continue;
      Take(candidate);
      return true;
    }
    return false;
  }

  bool TryScenario(const TargetInput& candidate) {
    return TryReplay(candidate) || TrySearch(candidate);
  }

  bool RemoveCpus() {
    bool any = false;
    for (int cpu = best_.cpu_count - 1; cpu >= 0 && best_.cpu_count > 1; --cpu) {
      candidate_ = best_;
      RemoveCpu(candidate_, cpu);
      any |= TryScenario(candidate_);
    }
    return any;
  }

  bool RemoveCalls() {
    bool any = false;
    for (int cpu = 0; cpu < best_.cpu_count; ++cpu) {
      for (size_t i = best_.calls[cpu].size(); i-- > 0;) {
        candidate_ = best_;
        candidate_.calls[cpu].erase(i);
        any |= TryScenario(candidate_);
      }
    }
    return any;
  }

  // Equal ones together: operations that meet at an object are to go on meeting there.
  bool LowerArguments() {
    bool any = false;
    for (unsigned from = UINT8_MAX; from > 0; --from) {
      for (unsigned to = 0; to < from && Has(from); ++to) {
        candidate_ = best_;
        for (auto& calls : candidate_.calls) {
          for (TargetCall& call : calls) {
            if (call.argument == from) call.argument = static_cast<uint8_t>(to);
          }
        }
        if (TryReplay(candidate_) || (to == 0 && TrySearch(candidate_))) any = true;
      }
    }
    return any;
  }

  bool Has(unsigned argument) const {
    for (const auto& calls : best_.calls) {
      for (const TargetCall& call : calls) {
        if (call.argument == argument) return true;
      }
    }
    return false;
  }

  bool RemovePreemptions() {
    bool any = false;
    for (size_t i = best_.schedule.size(); i-- > 0;) {
      if (i >= best_.schedule.size()) continue;  // others fell away with the last one
      candidate_ = best_;
      candidate_.schedule.erase(i);
      any |= TryReplay(candidate_);
    }
    return any;
  }

  // Deleting finds no other way; a search may, and with the CPUs in the other order there may be
  // one that the default order goes by itself.
  bool FindFewerPreemptions() {
    if (best_.schedule.empty()) return false;
    if (SearchFewerPreemptions(best_)) return true;
    candidate_ = best_;
    std::reverse(candidate_.calls, candidate_.calls + candidate_.cpu_count);
    return SearchFewerPreemptions(candidate_);
  }

  bool SearchFewerPreemptions(const TargetInput& scenario) {
    kept_ = best_;
    searched_ = scenario;
    for (uint64_t i = 0; i < kSchedulesPerScenario && !Interrupted(); ++i) {
      if (!Same(runner_.Run(searched_, *search_, SplitSeed(runs_, i)))) continue;
      Take(searched_);
      while (RemovePreemptions()) {
      }
      if (best_.schedule.size() < kept_.schedule.size()) return true;
    }
    best_ = kept_;
    return false;
  }

  TargetRunner& runner_;
  const char* violated_;
  TargetInput& best_;
  int replays_;
  std::unique_ptr<Strategy> search_;
  Watchdog watchdog_;
  TargetInput candidate_;
  TargetInput kept_;
  TargetInput searched_;
  uint64_t runs_ = 0;
};

}  // namespace

uint64_t MinimizeTargetInput(TargetRunner& runner, const char* violated, TargetInput& input) {
  const auto minimizer = std::make_unique<Minimizer>(runner, violated, input);
  minimizer->Minimize();
  return minimizer->runs();
}

}  // namespace walkrace
