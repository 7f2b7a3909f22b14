#include "litmus/relation.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "base/random.h"

namespace walkrace::litmus {
namespace {

Relation Make(int size, const std::vector<std::pair<int, int>>& pairs) {
  Relation result(size);
  for (const auto& [from, to] : pairs) result.Add(from, to);
  return result;
}

Relation RandomRelation(int size, Random& random) {
  Relation result(size);
  for (int from = 0; from < size; ++from) {
    for (int to = 0; to < size; ++to) {
      if (random.OneIn(4)) result.Add(from, to);
    }
  }
  return result;
}

TEST(Relation, SetOperations) {
  const Relation a = Make(3, {{0, 1}, {1, 2}}), b = Make(3, {{1, 2}, {2, 0}});
  EXPECT_EQ(a | b, Make(3, {{0, 1}, {1, 2}, {2, 0}}));
  EXPECT_EQ(a & b, Make(3, {{1, 2}}));
  EXPECT_EQ(a - b, Make(3, {{0, 1}}));
  EXPECT_TRUE((a - a).Empty());
  EXPECT_FALSE(a == Relation(3));
}

TEST(Relation, ThenGoesThroughAMiddle) {
  const Relation a = Make(4, {{0, 1}, {0, 2}, {3, 3}}), b = Make(4, {{1, 3}, {2, 0}});
  EXPECT_EQ(a.Then(b), Make(4, {{0, 3}, {0, 0}}));
  EXPECT_EQ(a.Then(Relation::Identity(4)), a);
}

TEST(Relation, RestrictsBothEnds) {
  const Relation a = Make(3, {{0, 1}, {1, 2}, {2, 0}});
  EXPECT_EQ(a.From(OnlyEvent(1)), Make(3, {{1, 2}}));
  EXPECT_EQ(a.To(OnlyEvent(0)), Make(3, {{2, 0}}));
  EXPECT_EQ(a.Within(OnlyEvent(0) | OnlyEvent(1)), Make(3, {{0, 1}}));
  EXPECT_EQ(a.Domain(), FirstEvents(3));
  EXPECT_EQ(Make(3, {{0, 2}}).Range(), OnlyEvent(2));
}

TEST(Relation, ProductAndIdentityStayWithinTheirSize) {
  EXPECT_EQ(Relation::Product(2, ~EventSet{0}, ~EventSet{0}),
            Make(2, {{0, 0}, {0, 1}, {1, 0}, {1, 1}}));
  EXPECT_EQ(Relation::Identity(3, OnlyEvent(1)), Make(3, {{1, 1}}));
}

TEST(Relation, SelfLoops) {
  const Relation a = Make(2, {{0, 1}});
  EXPECT_TRUE(a.Irreflexive());
  EXPECT_EQ(a.OrSelf(), Make(2, {{0, 1}, {0, 0}, {1, 1}}));
  EXPECT_FALSE(a.OrSelf().Irreflexive());
  EXPECT_EQ(a.OrSelf().WithoutSelf(), a);
}

TEST(Relation, CyclesOfAnyLength) {
  EXPECT_TRUE(Relation(0).Acyclic());
  EXPECT_TRUE(Make(4, {{3, 0}, {0, 2}, {2, 1}}).Acyclic());
  EXPECT_FALSE(Make(4, {{3, 0}, {0, 2}, {2, 3}}).Acyclic());
  EXPECT_FALSE(Make(4, {{2, 2}}).Acyclic());
}

TEST(Relation, HoldsSixtyFourEvents) {
  Relation ring(kEventsMax);
  for (int i = 0; i + 1 < kEventsMax; ++i) ring.Add(i, i + 1);
  EXPECT_TRUE(ring.Acyclic());
  EXPECT_TRUE(ring.Closure().Has(0, kEventsMax - 1));
  ring.Add(kEventsMax - 1, 0);
  EXPECT_FALSE(ring.Acyclic());
  EXPECT_EQ(ring.Closure(), Relation::Product(kEventsMax, ~EventSet{0}, ~EventSet{0}));
}

// What the operations say of one another, on random relations.
TEST(Relation, ClosureIsTheLeastTransitiveOne) {
  Random random(1);
  for (int round = 0; round < 300; ++round) {
    const Relation a = RandomRelation(1 + static_cast<int>(random.Below(12)), random);
    Relation closure = a;
    for (;;) {
      const Relation next = closure | closure.Then(a);
      if (next == closure) break;
      closure = next;
    }
    EXPECT_EQ(a.Closure(), closure);
    EXPECT_EQ(a.Acyclic(), closure.Irreflexive());
    EXPECT_EQ(a.Inverse().Closure(), closure.Inverse());
    EXPECT_EQ(a.ClosureOrSelf(), closure | Relation::Identity(a.size()));
  }
}

}  // namespace
}  // namespace walkrace::litmus
