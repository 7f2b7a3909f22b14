// For tests only: runs whose steps are kept, and scenarios with their contexts drawn at random.
#ifndef WALKRACE_HARNESS_STEP_TEST_BED_H_
#define WALKRACE_HARNESS_STEP_TEST_BED_H_

#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "base/build_info.h"
#include "base/random.h"
#include "engine/exhaustive_search.h"
#include "engine/unseen.h"
#include "harness/controls.h"
#include "harness/runner.h"
#include "scenario/mutate.h"

namespace walkrace {

// What ThreadSanitizer reports no schedule decides alone: a run that it cuts short says nothing.
inline bool RacesAreSeen() { return std::strcmp(kFlavour, "tsan") == 0; }

// Keeps the steps of a run: under another strategy, or in an order that is given.
class StepRecorder final : public Strategy {
 public:
  StepRecorder(Engine& engine, StepFootprints& footprints)
      : engine_(engine), footprints_(footprints) {}

  void Use(Strategy& strategy) {
    strategy_ = &strategy;
    cpus_.clear();
  }
  void Use(const std::vector<CpuId>& cpus) {
    strategy_ = nullptr;
    cpus_ = cpus;
  }

  void Begin(int cpu_count, uint64_t seed) override {
    if (strategy_ != nullptr) strategy_->Begin(cpu_count, seed);
    order_.Truncate(0);
    chosen_.clear();
    strayed_ = false;
    footprints_.BeginRun();
  }

  CpuId Pick(const Choice& choice) override {
    const Unseen unseen;
    if (!chosen_.empty()) EndStep(engine_.finished(chosen_.back()));
    const CpuId next = Next(choice);
    chosen_.push_back(next);
    footprints_.BeginStep(next);
    return next;
  }

  void EndRun(const RunResult& result) { EndStep(EndedWithLastStep(result, chosen_.back())); }

  const StepOrder& order() const { return order_; }
  const std::vector<CpuId>& chosen() const { return chosen_; }
  bool strayed() const { return strayed_; }

 private:
  void EndStep(bool ended) {
    footprints_.EndStep(ended, &order_.Next());
    order_.Add();
  }

  CpuId Next(const Choice& choice) {
    if (strategy_ != nullptr) return strategy_->Pick(choice);
    const size_t i = chosen_.size();
    if (i < cpus_.size() && (choice.runnable >> cpus_[i] & 1) != 0) return cpus_[i];
    strayed_ = true;
    return DefaultPick(choice);
  }

  Engine& engine_;
  StepFootprints& footprints_;
  Strategy* strategy_ = nullptr;
  std::vector<CpuId> cpus_;
  std::vector<CpuId> chosen_;
  StepOrder order_;
  bool strayed_ = false;
};

// Over targets, profiles and variants. The unmodified paths one time in three; half of the others
// do what shows the variant.
class ScenarioDraw {
 public:
  // The context; what to run in it is scenario().
  RunContext Next(Random& random) {
    size_t profile_count, variant_count;
    const Profile* profiles = Profiles(&profile_count);
    const VariantRow* variants = VariantRows(&variant_count);
    RunContext context = {&profiles[random.Below(profile_count)], {}};
    DrawScenario(random.OneIn(3) ? Mix::kCollapse : Mix::kAll, random.Next(), *scenario_);
    variant_ = "unmodified";
    if (random.OneIn(3)) return context;
    const VariantRow& variant = variants[random.Below(variant_count)];
    AddCuts(variant, &context.cuts);
    variant_ = variant.name;
    if (!controls_.contains(&variant)) controls_[&variant] = ControlFile(&variant)->input.scenario;
    if (random.OneIn(2)) *scenario_ = controls_[&variant];
    return context;
  }

  const Scenario& scenario() const { return *scenario_; }
  const char* variant() const { return variant_; }

 private:
  std::map<const VariantRow*, Scenario> controls_;
  std::unique_ptr<Scenario> scenario_ = std::make_unique<Scenario>();
  const char* variant_ = "";
};

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_STEP_TEST_BED_H_
