#include "litmus/candidate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "litmus/litmus_test_bed.h"
#include "litmus/thread_runs.h"

namespace walkrace::litmus {
namespace {

using ::testing::UnorderedElementsAre;

std::vector<ThreadRun> RunsOf(const Program& program, int thread) {
  return AllThreadRuns(program).of_thread.at(thread);
}

std::multiset<Value> RegisterValues(const std::vector<ThreadRun>& runs, int number) {
  std::multiset<Value> result;
  for (const ThreadRun& run : runs) result.insert(run.registers.at(number));
  return result;
}

TEST(ThreadRuns, ALoadReturnsWhatMayBeStored) {
  const Program program =
      MakeProgram("values", 2, {{Load(0, kX)}, {Store(kX, 1), Store(kX, 2)}, {Store(kY, 9)}});
  EXPECT_THAT(RegisterValues(RunsOf(program, 0), 0), UnorderedElementsAre(0, 1, 2));
}

TEST(ThreadRuns, ValuesAreHandedOn) {
  const Program program =
      MakeProgram("copies", 3,
                  {{Store(kX, 5)},
                   {Load(0, kX), Store(kY, Binary(Operator::kAdd, Register(0), Constant(1)))},
                   {Load(0, kY)}});
  EXPECT_THAT(RegisterValues(RunsOf(program, 2), 0), UnorderedElementsAre(0, 1, 6));
}

TEST(ThreadRuns, AValueIsNotMadeFromItself) {
  // Three additions make at most three.
  const Instruction add = Rmw(RmwKind::kAdd, 0, kX, 1);
  const Program program = MakeProgram("adds", 1, {{add}, {add}, {add}, {Load(0, kX)}});
  EXPECT_THAT(RegisterValues(RunsOf(program, 3), 0), UnorderedElementsAre(0, 1, 2, 3));
  EXPECT_THAT(RegisterValues(RunsOf(program, 0), 0), UnorderedElementsAre(0, 1, 2));
}

TEST(ThreadRuns, FollowsAddresses) {
  Program program = MakeProgram(
      "pointer", 3, {{Store(kX, AddressExpression(kZ))}, {Load(0, kX), Store(Register(0), 7)}});
  program.locations[kX].initial = AddressOf(kY);
  std::set<int> locations;
  for (const ThreadRun& run : RunsOf(program, 1)) {
    ASSERT_EQ(run.events.size(), 2u);
    EXPECT_EQ(run.events[1].address_from, OnlyEvent(0));
    locations.insert(run.events[1].location);
  }
  EXPECT_THAT(locations, UnorderedElementsAre(kY, kZ));
  // A number is no address: that run does not count.
  program.locations[kX].initial = 0;
  EXPECT_EQ(RunsOf(program, 1).size(), 1u);
}

TEST(ThreadRuns, DependenciesGoThroughRegisters) {
  const Program program =
      MakeProgram("deps", 2,
                  {{Load(0, kX), Assign(1, Binary(Operator::kXor, Register(0), Register(0))),
                    If(Register(1), {}, {Store(kY, ValueDependingOn(1, 1))}), Assign(1, 0),
                    Store(AddressDependingOn(kY, 1), 2)}});
  const std::vector<ThreadRun> runs = RunsOf(program, 0);
  ASSERT_EQ(runs.size(), 1u);
  const std::vector<RunEvent>& events = runs[0].events;
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[1].control_from, OnlyEvent(0));
  EXPECT_EQ(events[1].data_from, OnlyEvent(0));
  EXPECT_EQ(events[1].address_from, 0u);
  // A constant was assigned, and the branch is over.
  EXPECT_EQ(events[2].address_from, 0u);
  EXPECT_EQ(events[2].control_from, 0u);
}

TEST(ThreadRuns, FullReadModifyWritesStandBetweenFences) {
  const Program program = MakeProgram("rmw", 1, {{Cmpxchg(0, kX, 0, 1)}, {Store(kX, 4)}});
  for (const ThreadRun& run : RunsOf(program, 0)) {
    EXPECT_TRUE(run.events[0].is_rmw);
    if (run.registers[0] == 0) {
      ASSERT_EQ(run.events.size(), 2u);
      EXPECT_EQ(run.events[1].read_half, 0);
      ASSERT_EQ(run.fences.size(), 2u);
      EXPECT_EQ(run.fences[0].before, 0);
      EXPECT_EQ(run.fences[1].before, 2);
    } else {
      EXPECT_EQ(run.events.size(), 1u);
      EXPECT_TRUE(run.fences.empty());
    }
  }
}

TEST(ThreadRuns, OrdersOfReadModifyWrites) {
  struct Row {
    Instruction instruction;
    Annotation read, write;
  };
  const Row rows[] = {
      {Rmw(RmwKind::kXchg, 0, kX, 1, Order::kAcquire), Annotation::kAcquire, Annotation::kOnce},
      {Rmw(RmwKind::kXchg, 0, kX, 1, Order::kRelease), Annotation::kOnce, Annotation::kRelease},
      {Rmw(RmwKind::kXchg, 0, kX, 1, Order::kRelaxed), Annotation::kOnce, Annotation::kOnce},
      {Rmw(RmwKind::kXchg, 0, kX, 1, Order::kFull), Annotation::kOnce, Annotation::kOnce},
      {RmwWithoutValue(RmwKind::kAdd, kX, 1), Annotation::kNoReturn, Annotation::kOnce},
  };
  for (const Row& row : rows) {
    const std::vector<ThreadRun> runs = RunsOf(MakeProgram("rmw", 1, {{row.instruction}}), 0);
    ASSERT_FALSE(runs.empty());
    EXPECT_EQ(runs[0].events[0].annotation, row.read);
    EXPECT_EQ(runs[0].events[1].annotation, row.write);
  }
}

TEST(ThreadRuns, PairsNestedSectionsOfRcu) {
  const std::vector<ThreadRun> runs =
      RunsOf(MakeProgram("rcu", 0,
                         {{RcuReadLock(), RcuReadLock(), RcuReadUnlock(), RcuReadUnlock(),
                           RcuReadLock(), RcuReadUnlock()}}),
             0);
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_THAT(runs[0].rcu_sections,
              UnorderedElementsAre(std::pair(0, 3), std::pair(1, 2), std::pair(4, 5)));
}

TEST(ThreadRuns, NobodyTakesALockTwice) {
  const Program program = MakeProgram(
      "nested", 0, {{SpinLock(0), SpinTrylock(0, 0), If(Register(0), {SpinLock(0)})}}, 1);
  const std::vector<ThreadRun> runs = RunsOf(program, 0);
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].events.back().type, EventType::kLockFail);
}

TEST(ThreadRuns, SaysWhenThereAreTooMany) {
  const Program program =
      MakeProgram("many", 1, {{Load(0, kX), Load(1, kX), Load(2, kX)}, {Store(kX, 1)}});
  EXPECT_TRUE(AllThreadRuns(program, 100).complete);
  EXPECT_FALSE(AllThreadRuns(program, 5).complete);
}

// --- One location ---

size_t CountOrders(const std::vector<LocationAccesses>& threads, LocationRules rules = {}) {
  std::vector<const LocationAccesses*> pointers;
  for (const LocationAccesses& thread : threads) pointers.push_back(&thread);
  return LocationOrders(0, pointers, rules).size();
}
LocationAccess W(Value value, int read_half = -1) {
  return {true, static_cast<int8_t>(read_half), value};
}
LocationAccess R(Value value) { return {false, -1, value}; }

TEST(LocationOrders, StoresKeepProgramOrder) {
  EXPECT_EQ(CountOrders({{W(1), W(2)}, {W(3)}}), 3u);
  EXPECT_EQ(CountOrders({{W(1), W(2)}, {W(3)}}, {.coherence = false}), 6u);
}

// CoWW is above; the five shapes that coherence forbids.
TEST(LocationOrders, CoherenceShapes) {
  EXPECT_EQ(CountOrders({{W(1)}, {R(1), R(0)}}), 0u);              // CoRR
  EXPECT_EQ(CountOrders({{W(1), R(0)}}), 0u);                      // CoWR
  EXPECT_EQ(CountOrders({{R(1), W(1)}}), 0u);                      // CoRW, of its own store
  EXPECT_EQ(CountOrders({{R(2), W(1)}, {W(2), R(1), R(2)}}), 0u);  // CoRW, of another's
  EXPECT_EQ(CountOrders({{W(1)}, {R(0), R(1)}}), 1u);
  EXPECT_EQ(CountOrders({{W(1), R(2)}, {W(2)}}), 1u);
  for (const std::vector<LocationAccesses>& forbidden :
       {std::vector<LocationAccesses>{{W(1)}, {R(1), R(0)}}, {{W(1), R(0)}}, {{R(1), W(1)}}}) {
    EXPECT_GT(CountOrders(forbidden, {.coherence = false}), 0u);
  }
}

TEST(LocationOrders, EqualValuesGiveSeveralSources) {
  EXPECT_EQ(CountOrders({{W(1)}, {W(1)}, {R(1)}}), 4u);
  EXPECT_EQ(CountOrders({{W(0)}, {R(0)}}), 2u);
}

TEST(LocationOrders, NothingBetweenTheHalvesOfAReadModifyWrite) {
  const LocationAccesses add = {R(0), W(1, 0)};
  EXPECT_EQ(CountOrders({add, add}), 0u);
  EXPECT_EQ(CountOrders({add, {R(1), W(2, 0)}}), 1u);
  EXPECT_EQ(CountOrders({add, {W(5)}}), 1u);
  EXPECT_GT(CountOrders({add, add}, {.atomicity = false}), 0u);
  // Even where a store of the same value would hide it.
  EXPECT_EQ(CountOrders({add, {W(0)}}), 2u);
}

// --- Candidates ---

class Counter : public CandidateVisitor {
 public:
  bool VisitRuns(const Candidate&) override { return true; }
  bool VisitPart(const Candidate&) override { return true; }
  bool Visit(const Candidate& candidate) override {
    ++count;
    EXPECT_TRUE((candidate.rf.Inverse().Then(candidate.co) - candidate.fr).Empty());
    EXPECT_TRUE(candidate.co.Acyclic());
    EXPECT_EQ(candidate.co.Closure(), candidate.co);
    // Each read has one source or reads the initial value.
    const Relation sources = candidate.rf.Inverse();
    for (int i = 0; i < candidate.event_count; ++i) {
      if (!IsRead(candidate.events[i]->type)) {
        EXPECT_EQ(sources.row(i), 0u);
        continue;
      }
      EXPECT_LE(std::popcount(sources.row(i)), 1);
      ForEachEvent(sources.row(i), [&](int source) {
        EXPECT_EQ(candidate.events[source]->value, candidate.events[i]->value);
        EXPECT_EQ(candidate.events[source]->location, candidate.events[i]->location);
      });
    }
    return true;
  }
  int count = 0;
};

int CountCandidates(const Program& program) {
  Counter counter;
  EXPECT_TRUE(ForEachCandidate(program, {}, counter));
  return counter.count;
}

TEST(Candidates, AreAllCombinations) {
  EXPECT_EQ(CountCandidates(
                MakeProgram("SB", 2, {{Store(kX, 1), Load(0, kY)}, {Store(kY, 1), Load(0, kX)}})),
            4);
  EXPECT_EQ(CountCandidates(MakeProgram(
                "2+2W", 2, {{Store(kX, 1), Store(kY, 2)}, {Store(kY, 1), Store(kX, 2)}})),
            4);
  EXPECT_EQ(CountCandidates(MakeProgram("CoRR", 1, {{Store(kX, 1)}, {Load(0, kX), Load(1, kX)}})),
            3);
  EXPECT_EQ(CountCandidates(MakeProgram("empty", 1, {{}, {}})), 1);
}

TEST(Candidates, AStoreThatDoesNotHappenIsNotRead) {
  const Program program =
      MakeProgram("branch", 2, {{Load(0, kX), If(Register(0), {Store(kY, 1)})}, {Load(0, kY)}});
  EXPECT_EQ(CountCandidates(program), 1);
}

TEST(Candidates, CriticalSectionsInEveryOrder) {
  const std::vector<Instruction> section = {SpinLock(0), SpinUnlock(0)};
  EXPECT_EQ(CountCandidates(MakeProgram("locks", 0, {section, section, section}, 1)), 6);
}

TEST(Candidates, LastValuesAreTheLastInCoherenceOrder) {
  const LkmmResult result = CheckLkmm(MakeProgram("CoWW", 1, {{Store(kX, 1), Store(kX, 2)}}));
  ASSERT_EQ(result.states.size(), 1u);
  EXPECT_EQ(result.states.begin()->first.locations[kX], 2);
}

}  // namespace
}  // namespace walkrace::litmus
