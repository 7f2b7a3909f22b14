#include "engine/access_orders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/test_bed.h"

namespace walkrace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "rf 0@1->1@2": event 1 of CPU 0, then event 2 of CPU 1.
class Recorder final : public OrderListener {
 public:
  void OnOrder(OrderKind kind, const Event& before, const Event& after) override {
    const auto name = [](const Event& event) {
      return std::to_string(event.cpu) + "@" + std::to_string(event.number);
    };
    orders.push_back((kind == OrderKind::kReadsFrom ? "rf " : "co ") + name(before) + "->" +
                     name(after));
  }
  std::vector<std::string> orders;
};

template <typename Body>
std::vector<std::string> OrdersOf(std::initializer_list<Preemption> schedule, Body body) {
  FollowSchedule follow(schedule);
  RunBodies(follow, 0, 2, body);
  Recorder recorder;
  TellOrders(TestEngine(), recorder);
  return recorder.orders;
}

TEST(AccessOrders, AWriteAndTheReadThatSeesIt) {
  EXPECT_THAT(OrdersOf({},
                       [](CpuId cpu) {
                         if (cpu == 0) Store(0, 1);
                         if (cpu == 1) (void)Load(0);
                       }),
              ElementsAre("co 0@1->1@1", "rf 0@1->1@1"));
}

// The second read still sees the other CPU's write, though it comes after a read of its own CPU.
TEST(AccessOrders, ASecondReadSeesTheWriteToo) {
  EXPECT_THAT(OrdersOf({},
                       [](CpuId cpu) {
                         if (cpu == 0) Store(0, 1);
                         for (int i = 0; i < 2 && cpu == 1; ++i) (void)Load(0);
                       }),
              ElementsAre("co 0@1->1@1", "rf 0@1->1@1", "rf 0@1->1@2"));
}

TEST(AccessOrders, AReadThenAWriteIsAConflictAlone) {
  EXPECT_THAT(OrdersOf({},
                       [](CpuId cpu) {
                         if (cpu == 0) (void)Load(0);
                         if (cpu == 1) Store(0, 1);
                       }),
              ElementsAre("co 0@1->1@1"));
}

TEST(AccessOrders, AReadModifyWriteReadsAndWrites) {
  EXPECT_THAT(OrdersOf({}, [](CpuId) { FetchAdd(0, 1); }),
              ElementsAre("co 0@1->1@1", "rf 0@1->1@1"));
}

TEST(AccessOrders, NothingOfReadsOfOneCpuOrOfOtherPlaces) {
  EXPECT_THAT(OrdersOf({}, [](CpuId) { (void)Load(0); }), IsEmpty());
  EXPECT_THAT(OrdersOf({}, [](CpuId cpu) { Store(cpu, 1); }), IsEmpty());
  EXPECT_THAT(OrdersOf({},
                       [](CpuId cpu) {
                         if (cpu != 0) return;
                         Store(0, 1);
                         (void)Load(0);
                       }),
              IsEmpty());
}

// A run does not see the accesses of the one before.
TEST(AccessOrders, EachRunBeginsAnew) {
  const auto store = [](CpuId cpu) {
    if (cpu == 0) Store(0, 1);
  };
  const auto load = [](CpuId cpu) {
    if (cpu == 1) (void)Load(0);
  };
  EXPECT_THAT(OrdersOf({}, store), IsEmpty());
  EXPECT_THAT(OrdersOf({}, load), IsEmpty());
}

TEST(AccessOrders, ThePreemptionShowsInThem) {
  const auto body = [](CpuId cpu) {
    for (int i = 0; i < 2; ++i) {
      if (cpu == 0) (void)Load(0);
      if (cpu == 1) Store(0, 1);
    }
  };
  EXPECT_THAT(OrdersOf({}, body), ElementsAre("co 0@2->1@1"));
  EXPECT_THAT(OrdersOf({{2, 0, 1}}, body),
              ElementsAre("co 0@1->1@1", "co 1@2->0@2", "rf 1@2->0@2"));
}

}  // namespace
}  // namespace walkrace
