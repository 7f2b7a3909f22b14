#include <algorithm>
#include <utility>
#include <vector>

#include "engine/strategies.h"

namespace walkrace {
namespace {

class PortfolioStrategy final : public Strategy {
 public:
  explicit PortfolioStrategy(std::vector<std::unique_ptr<Strategy>> members)
      : members_(std::move(members)), turn_(members_.size() - 1) {}

  void Begin(int cpu_count, uint64_t seed) override {
    turn_ = (turn_ + 1) % members_.size();
    members_[turn_]->Begin(cpu_count, seed);
  }
  CpuId Pick(const Choice& choice) override { return members_[turn_]->Pick(choice); }
  void End(uint32_t steps) override { members_[turn_]->End(steps); }

 private:
  const std::vector<std::unique_ptr<Strategy>> members_;
  size_t turn_;
};

}  // namespace

std::unique_ptr<Strategy> MakePortfolioStrategy(int depth) {
  std::vector<std::unique_ptr<Strategy>> members;
  for (int times = 1; times <= 3; ++times) {
    const int deep = std::min(times * depth, kDepthMax);
    members.push_back(MakeRandomStrategy());
    members.push_back(MakePctStrategy(deep));
    members.push_back(MakePosStrategy());
    members.push_back(MakeSurwStrategy());
    members.push_back(MakeDelayStrategy(deep - 1));
  }
  return std::make_unique<PortfolioStrategy>(std::move(members));
}

}  // namespace walkrace
