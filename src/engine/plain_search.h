// For tests only: every schedule, one after the other, without any reduction. What the searches
// with reduction are held to.
#ifndef WALKRACE_ENGINE_PLAIN_SEARCH_H_
#define WALKRACE_ENGINE_PLAIN_SEARCH_H_

#include <vector>

#include "engine/exhaustive_search.h"

namespace walkrace {

class PlainSearch final : public ExhaustiveSearch {
 public:
  PlainSearch(Engine& engine, StepFootprints& footprints) : ExhaustiveSearch(engine, footprints) {}

  bool Next() override { return !done_; }
  void EndRun(const RunResult& result, bool violated) override;
  bool whole() const override { return true; }
  double Covered() const override { return done_ ? 1 : 0; }

  void Begin(int cpu_count, uint64_t seed) override;

 protected:
  CpuId PickNext(const Choice& choice) override;

 private:
  struct Node {
    CpuMask to_try;
    CpuId chosen;
  };

  bool done_ = false;
  size_t position_ = 0;
  std::vector<Node> nodes_;
};

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_PLAIN_SEARCH_H_
