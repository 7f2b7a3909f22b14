#include "litmus/axiomatic.h"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "litmus/candidate.h"

namespace walkrace::litmus {
namespace {

constexpr uint64_t kCandidatesBetweenStops = 1024;

class Checker : public CandidateVisitor {
 public:
  Checker(const Program& program, const LkmmOptions& options)
      : program_(program), options_(options), axioms_(options.version, options.left_out) {}

  LkmmResult Go() {
    const LocationRules rules = {
        .coherence = (options_.left_out & Part(LkmmPart::kCoherence)) == 0,
        .atomicity = (options_.left_out & Part(LkmmPart::kAtomic)) == 0,
    };
    LkmmResult result;
    result.complete = ForEachCandidate(program_, rules, *this);
    result.candidates = candidates_;
    result.data_race = data_race_;
    std::vector<Found*> sorted;
    sorted.reserve(states_.size());
    for (auto& [key, found] : states_) sorted.push_back(&found);
    std::sort(sorted.begin(), sorted.end(),
              [](const Found* a, const Found* b) { return a->state < b->state; });
    for (Found* found : sorted) {
      result.states.emplace_hint(result.states.end(), found->state, found->executions);
      result.about.emplace_hint(result.about.end(), std::move(found->state), found->about);
    }
    return result;
  }

  bool VisitRuns(const Candidate& candidate) override {
    axioms_.SetRuns(candidate);
    return true;
  }
  bool VisitPart(const Candidate& candidate) override { return axioms_.MayBeAllowed(candidate); }

  bool Visit(const Candidate& candidate) override {
    const bool sc = axioms_.SequentiallyConsistent(candidate);
    const bool trusted = sc && options_.trusts_serial && !axioms_.has_plain() && !axioms_.has_rcu();
    if (trusted || axioms_.Allowed(candidate, false)) {
      data_race_ = data_race_ || (!trusted && axioms_.HasDataRace());
      Found& found = StateOf(candidate);
      ++found.executions;
      Classify(candidate, sc, found.about);
    }
    ++candidates_;
    if (candidates_ == options_.candidates_max) return false;
    return candidates_ % kCandidatesBetweenStops != 0 || !options_.stop || !options_.stop();
  }

 private:
  struct Found {
    FinalState state;
    uint64_t executions = 0;
    LkmmState about;
  };
  using Key = std::vector<Value>;
  struct HashKey {
    size_t operator()(const Key& key) const {
      uint64_t hash = 0;
      for (const Value value : key) {
        hash = (hash ^ static_cast<uint64_t>(value)) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
      }
      return hash;
    }
  };

  void Classify(const Candidate& candidate, bool sc, LkmmState& about) {
    if (sc) {
      about = {.sc = true, .needs_load_buffering = false, .multicopy_atomic = true};
    } else if (!about.multicopy_atomic && axioms_.Allowed(candidate, true)) {
      about.needs_load_buffering = false;
      about.multicopy_atomic = axioms_.MulticopyAtomic();
    }
  }

  Found& StateOf(const Candidate& candidate) {
    key_.clear();
    for (const ThreadRun* run : candidate.runs) {
      key_.insert(key_.end(), run->registers.begin(), run->registers.end());
    }
    key_.insert(key_.end(), candidate.last_values.begin(), candidate.last_values.end());
    const auto [place, is_new] = states_.try_emplace(key_);
    if (is_new) {
      for (const ThreadRun* run : candidate.runs) {
        place->second.state.registers.push_back(run->registers);
      }
      place->second.state.locations = candidate.last_values;
    }
    return place->second;
  }

  const Program& program_;
  const LkmmOptions& options_;
  LkmmAxioms axioms_;
  uint64_t candidates_ = 0;
  bool data_race_ = false;
  Key key_;
  std::unordered_map<Key, Found, HashKey> states_;
};

}  // namespace

LkmmResult CheckLkmm(const Program& program, const LkmmOptions& options) {
  return Checker(program, options).Go();
}

}  // namespace walkrace::litmus
