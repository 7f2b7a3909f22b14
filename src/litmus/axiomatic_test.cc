#include "litmus/axiomatic.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "litmus/litmus_test_bed.h"

namespace walkrace::litmus {
namespace {

constexpr Order kRelease = Order::kRelease;
constexpr Order kAcquire = Order::kAcquire;
constexpr Order kRelaxed = Order::kRelaxed;
constexpr Order kPlain = Order::kPlain;
using Body = std::vector<Instruction>;

Instruction Mb() { return FenceOf(Fence::kMb); }
Instruction Rmb() { return FenceOf(Fence::kRmb); }
Instruction Wmb() { return FenceOf(Fence::kWmb); }

// r0 == 0 in both threads of these is the outcome asked about.
Program StoreBuffering(const Body& between_0, const Body& between_1) {
  Body first = {Store(kX, 1)}, second = {Store(kY, 1)};
  first.insert(first.end(), between_0.begin(), between_0.end());
  second.insert(second.end(), between_1.begin(), between_1.end());
  first.push_back(Load(0, kY));
  second.push_back(Load(0, kX));
  return MakeProgram("SB", 4, {first, second}, 2);
}
const Outcome kBothMiss = {{Reg(0, 0), 0}, {Reg(1, 0), 0}};

// The reader's r0 == 1 and r1 == 0.
Program MessagePassing(const Body& writer, const Body& reader) {
  return MakeProgram("MP", 4, {writer, reader}, 2);
}
const Outcome kStale = {{Reg(1, 0), 1}, {Reg(1, 1), 0}};

// A load of kX in thread 0 and one of kY in thread 1 both see the other's later store.
Program LoadBuffering(const Body& first, const Body& second) {
  return MakeProgram("LB", 4, {first, second}, 2);
}
const Outcome kBothAhead = {{Reg(0, 0), 1}, {Reg(1, 0), 1}};

// --- The classic shapes ---

TEST(Axiomatic, StoreBuffering) {
  EXPECT_TRUE(Allows(StoreBuffering({}, {}), kBothMiss));
  EXPECT_TRUE(Allows(StoreBuffering({Mb()}, {}), kBothMiss));
  EXPECT_TRUE(Allows(StoreBuffering({Wmb()}, {Rmb()}), kBothMiss));
  EXPECT_FALSE(Allows(StoreBuffering({Mb()}, {Mb()}), kBothMiss));
}

TEST(Axiomatic, StoreBufferingWithReadModifyWrites) {
  const auto with = [](const Instruction& exchange) {
    return MakeProgram("SB", 2, {{exchange, Load(0, kY)}, {Store(kY, 1), Mb(), Load(0, kX)}});
  };
  EXPECT_FALSE(Allows(with(Rmw(RmwKind::kXchg, 1, kX, 1)), kBothMiss));
  EXPECT_TRUE(Allows(with(Rmw(RmwKind::kXchg, 1, kX, 1, kRelaxed)), kBothMiss));
  EXPECT_TRUE(Allows(with(Rmw(RmwKind::kXchg, 1, kX, 1, kAcquire)), kBothMiss));
  EXPECT_TRUE(Allows(with(Rmw(RmwKind::kXchg, 1, kX, 1, kRelease)), kBothMiss));
  EXPECT_TRUE(Allows(with(RmwWithoutValue(RmwKind::kAdd, kX, 1)), kBothMiss));
  EXPECT_FALSE(Allows(with(Cmpxchg(1, kX, 0, 1)), kBothMiss));
  EXPECT_FALSE(Allows(with(AddUnless(1, kX, 1, 5)), kBothMiss));
}

TEST(Axiomatic, AFailedCmpxchgOrdersNothing) {
  const auto with = [](const Instruction& exchange) {
    return MakeProgram("SB", 3,
                       {{Store(kX, 1), exchange, Load(0, kY)}, {Store(kY, 1), Mb(), Load(0, kX)}});
  };
  EXPECT_FALSE(Allows(with(Cmpxchg(1, kZ, 0, 1)), kBothMiss));
  EXPECT_TRUE(Allows(with(Cmpxchg(1, kZ, 7, 1)), kBothMiss));
  EXPECT_FALSE(Allows(with(AddUnless(1, kZ, 1, 7)), kBothMiss));
  EXPECT_TRUE(Allows(with(AddUnless(1, kZ, 1, 0)), kBothMiss));
}

TEST(Axiomatic, MessagePassing) {
  const Body reader = {Load(0, kY), Load(1, kX)};
  EXPECT_TRUE(Allows(MessagePassing({Store(kX, 1), Store(kY, 1)}, reader), kStale));
  EXPECT_TRUE(Allows(MessagePassing({Store(kX, 1), Wmb(), Store(kY, 1)}, reader), kStale));
  EXPECT_FALSE(Allows(
      MessagePassing({Store(kX, 1), Store(kY, 1, kRelease)}, {Load(0, kY, kAcquire), Load(1, kX)}),
      kStale));
}

TEST(Axiomatic, MessagePassingThroughAPointer) {
  // y holds the address of z, later that of x.
  Program program = MakeProgram("MP+assign+deref", 3,
                                {{Store(kX, 1), Store(kY, AddressExpression(kX), kRelease)},
                                 {Load(0, kY), Load(1, Register(0))}});
  program.locations[kY].initial = AddressOf(kZ);
  EXPECT_FALSE(Allows(program, {{Reg(1, 0), AddressOf(kX)}, {Reg(1, 1), 0}}));
  EXPECT_TRUE(Allows(program, {{Reg(1, 0), AddressOf(kX)}, {Reg(1, 1), 1}}));
  EXPECT_TRUE(Allows(program, {{Reg(1, 0), AddressOf(kZ)}, {Reg(1, 1), 0}}));
}

TEST(Axiomatic, LoadBuffering) {
  const Body racy = {Load(0, kY), Store(kX, 1)};
  EXPECT_TRUE(Allows(LoadBuffering({Load(0, kX), Store(kY, 1)}, racy), kBothAhead));
  EXPECT_FALSE(Allows(
      LoadBuffering({Load(0, kX), Mb(), Store(kY, 1)}, {Load(0, kY, kAcquire), Store(kX, 1)}),
      kBothAhead));
  // A control dependency orders what stands in the branch, and nothing behind it.
  const Body acquire = {Load(0, kY, kAcquire), Store(kX, 1)};
  const Body in_branch = {Load(0, kX), If(Register(0), {Store(kY, 1)})};
  const Body in_both = {Load(0, kX), If(Register(0), {Store(kY, 1)}, {Store(kY, 1)})};
  const Body behind = {Load(0, kX), If(Register(0), {Store(kZ, 1)}), Store(kY, 1)};
  EXPECT_FALSE(Allows(LoadBuffering(in_branch, acquire), kBothAhead));
  EXPECT_FALSE(Allows(LoadBuffering(in_both, acquire), kBothAhead));
  EXPECT_TRUE(Allows(LoadBuffering(behind, acquire), kBothAhead));
}

TEST(Axiomatic, NothingComesOutOfThinAir) {
  for (const Order order : {kRelaxed, kPlain}) {
    const Program program = MakeProgram("LB", 2,
                                        {{Load(0, kX, order), Store(kY, Register(0), order)},
                                         {Load(0, kY, order), Store(kX, Register(0), order)}});
    EXPECT_EQ(CheckLkmm(program).states.size(), 1u);
  }
}

TEST(Axiomatic, IndependentReadsOfIndependentWrites) {
  const auto with = [](const Body& between) {
    Body third = {Load(0, kX)}, fourth = {Load(0, kY)};
    third.insert(third.end(), between.begin(), between.end());
    fourth.insert(fourth.end(), between.begin(), between.end());
    third.push_back(Load(1, kY));
    fourth.push_back(Load(1, kX));
    return MakeProgram("IRIW", 2, {{Store(kX, 1)}, {Store(kY, 1)}, third, fourth});
  };
  const Outcome disagree = {{Reg(2, 0), 1}, {Reg(2, 1), 0}, {Reg(3, 0), 1}, {Reg(3, 1), 0}};
  EXPECT_TRUE(Allows(with({}), disagree));
  EXPECT_TRUE(Allows(with({Rmb()}), disagree));
  EXPECT_FALSE(Allows(with({Mb()}), disagree));
}

TEST(Axiomatic, WriteToReadCausality) {
  const auto with = [](Order store, const Body& between) {
    Body third = {Load(0, kY)};
    third.insert(third.end(), between.begin(), between.end());
    third.push_back(Load(1, kX));
    return MakeProgram("WRC", 2, {{Store(kX, 1)}, {Load(0, kX), Store(kY, 1, store)}, third});
  };
  const Outcome lost = {{Reg(1, 0), 1}, {Reg(2, 0), 1}, {Reg(2, 1), 0}};
  EXPECT_TRUE(Allows(with(kRelaxed, {Rmb()}), lost));
  EXPECT_FALSE(Allows(with(kRelease, {Rmb()}), lost));
  // A data dependency is not cumulative.
  EXPECT_TRUE(Allows(MakeProgram("WRC", 2,
                                 {{Store(kX, 1)},
                                  {Load(0, kX), Store(kY, ValueDependingOn(1, 0))},
                                  {Load(0, kY), Mb(), Load(1, kX)}}),
                     lost));
}

TEST(Axiomatic, Isa2) {
  const auto with = [](Order first, Order second_load, Order second_store) {
    return MakeProgram("ISA2", 3,
                       {{Store(kX, 1), Store(kY, 1, first)},
                        {Load(0, kY, second_load), Store(kZ, 1, second_store)},
                        {Load(0, kZ, kAcquire), Load(1, kX)}});
  };
  const Outcome lost = {{Reg(1, 0), 1}, {Reg(2, 0), 1}, {Reg(2, 1), 0}};
  EXPECT_TRUE(Allows(with(kRelaxed, kRelaxed, kRelaxed), lost));
  EXPECT_FALSE(Allows(with(kRelease, kAcquire, kRelease), lost));
  EXPECT_FALSE(Allows(with(kRelease, kRelaxed, kRelease), lost));
  EXPECT_TRUE(Allows(with(kRelease, kAcquire, kRelaxed), lost));
}

TEST(Axiomatic, RSAndTwoPlusTwoWrites) {
  const auto r = [](const Body& first, const Body& second) {
    Body a = {Store(kX, 1)}, b = {Store(kY, 2)};
    a.insert(a.end(), first.begin(), first.end());
    b.insert(b.end(), second.begin(), second.end());
    a.push_back(Store(kY, 1));
    b.push_back(Load(0, kX));
    return MakeProgram("R", 2, {a, b});
  };
  const Outcome r_outcome = {{Reg(1, 0), 0}, {Loc(kY), 2}};
  EXPECT_TRUE(Allows(r({}, {}), r_outcome));
  EXPECT_TRUE(Allows(r({Wmb()}, {Mb()}), r_outcome));
  EXPECT_FALSE(Allows(r({Mb()}, {Mb()}), r_outcome));

  const auto s = [](const Body& first, Order load) {
    Body a = {Store(kX, 2)};
    a.insert(a.end(), first.begin(), first.end());
    a.push_back(Store(kY, 1));
    return MakeProgram("S", 2, {a, {Load(0, kY, load), Store(kX, 1)}});
  };
  const Outcome s_outcome = {{Reg(1, 0), 1}, {Loc(kX), 2}};
  EXPECT_TRUE(Allows(s({}, kRelaxed), s_outcome));
  EXPECT_TRUE(Allows(s({Wmb()}, kRelaxed), s_outcome));
  EXPECT_FALSE(Allows(s({Wmb()}, kAcquire), s_outcome));

  const auto two_plus_two = [](const Body& between) {
    Body a = {Store(kX, 2)}, b = {Store(kY, 2)};
    a.insert(a.end(), between.begin(), between.end());
    b.insert(b.end(), between.begin(), between.end());
    a.push_back(Store(kY, 1));
    b.push_back(Store(kX, 1));
    return MakeProgram("2+2W", 2, {a, b});
  };
  const Outcome both_first = {{Loc(kX), 2}, {Loc(kY), 2}};
  EXPECT_TRUE(Allows(two_plus_two({}), both_first));
  // Neither is smp_wmb() enough: the model has no order of all stores.
  EXPECT_TRUE(Allows(two_plus_two({Wmb()}), both_first));
  EXPECT_FALSE(Allows(two_plus_two({Mb()}), both_first));
}

TEST(Axiomatic, Z6AndWwc) {
  const auto z6 = [](const Instruction& last_fence, Order first) {
    return MakeProgram("Z6.0", 3,
                       {{Store(kX, 1), Store(kY, 1, first)},
                        {Load(0, kY, kAcquire), Store(kZ, 1, kRelease)},
                        {Store(kZ, 2), last_fence, Load(0, kX)}});
  };
  const Outcome outcome = {{Reg(1, 0), 1}, {Loc(kZ), 2}, {Reg(2, 0), 0}};
  EXPECT_TRUE(Allows(z6(Mb(), kRelease), outcome));
  EXPECT_TRUE(Allows(MakeProgram("Z6.0", 3,
                                 {{Store(kX, 1), Store(kY, 1, kRelease)},
                                  {Load(0, kY), Store(kZ, 1)},
                                  {Store(kZ, 2), Mb(), Load(0, kX)}}),
                     outcome));
  EXPECT_FALSE(Allows(MakeProgram("Z6.0", 3,
                                  {{Store(kX, 1), Store(kY, 1, kRelease)},
                                   {Load(0, kY), Mb(), Store(kZ, 1)},
                                   {Store(kZ, 2), Mb(), Load(0, kX)}}),
                      outcome));

  const auto wwc = [](const Body& middle, const Body& last) {
    return MakeProgram("WWC", 2, {{Store(kX, 2)}, middle, last});
  };
  const Outcome reversed = {{Reg(1, 0), 2}, {Reg(2, 0), 1}, {Loc(kX), 2}};
  EXPECT_TRUE(Allows(wwc({Load(0, kX), Store(kY, 1)}, {Load(0, kY), Store(kX, 1)}), reversed));
  EXPECT_TRUE(Allows(wwc({Load(0, kX), Store(kY, ValueDependingOn(1, 0))},
                         {Load(0, kY), Store(kX, ValueDependingOn(1, 0))}),
                     reversed));
  EXPECT_FALSE(Allows(
      wwc({Load(0, kX), Store(kY, 1, kRelease)}, {Load(0, kY), Store(kX, ValueDependingOn(1, 0))}),
      reversed));
}

TEST(Axiomatic, ReadModifyWritesAreAtomic) {
  const Program adds = MakeProgram("adds", 1,
                                   {{Rmw(RmwKind::kAdd, 0, kX, 1, kRelaxed)},
                                    {Rmw(RmwKind::kAdd, 0, kX, 1, kRelaxed)},
                                    {RmwWithoutValue(RmwKind::kAdd, kX, 1)}});
  const LkmmResult result = CheckLkmm(adds);
  for (const auto& [state, count] : result.states) EXPECT_EQ(state.locations[kX], 3);
  EXPECT_EQ(result.states.size(), 6u);  // as the two that return values are among three
  EXPECT_TRUE(result.complete);
}

// --- Locks ---

TEST(Axiomatic, CriticalSectionsDoNotOverlap) {
  const int lock = 2;
  const auto section = [&] {
    return Body{SpinLock(lock), Load(0, kX),
                Store(kX, Binary(Operator::kAdd, Register(0), Constant(1))), SpinUnlock(lock)};
  };
  const Program program = MakeProgram("locks", 2, {section(), section(), section()}, 1);
  for (const auto& [state, count] : CheckLkmm(program).states) {
    EXPECT_EQ(state.locations[kX], 3);
    EXPECT_EQ(state.locations[lock], 0);
  }
}

TEST(Axiomatic, ALockIsNoFenceForWhoDoesNotTakeIt) {
  const int lock = 4;
  const auto two = [&](const Body& reader) {
    return MakeProgram("MP+polocks", 4,
                       {{SpinLock(lock), Store(kX, 1), SpinUnlock(lock), SpinLock(lock),
                         Store(kY, 1), SpinUnlock(lock)},
                        reader},
                       1);
  };
  EXPECT_FALSE(Allows(two({Load(0, kY), Rmb(), Load(1, kX)}), kStale));
  EXPECT_TRUE(Allows(StoreBuffering({SpinLock(4), SpinUnlock(4)}, {Mb()}), kBothMiss));
}

TEST(Axiomatic, TrylockFailsOnlyAgainstAHolder) {
  const int lock = 1;
  const auto body = [&] { return Body{SpinTrylock(0, lock), If(Register(0), {SpinUnlock(lock)})}; };
  EXPECT_FALSE(Allows(MakeProgram("alone", 1, {body()}, 1), {{Reg(0, 0), 0}}));
  const Program program = MakeProgram("trylock", 1, {body(), body()}, 1);
  EXPECT_TRUE(Allows(program, {{Reg(0, 0), 0}, {Reg(1, 0), 1}}));
  EXPECT_TRUE(Allows(program, {{Reg(0, 0), 1}, {Reg(1, 0), 1}}));
  EXPECT_FALSE(Allows(program, {{Reg(0, 0), 0}, {Reg(1, 0), 0}}));
  // Who keeps it lets nobody else have it.
  const Program kept = MakeProgram("kept", 1, {{SpinTrylock(0, lock)}, {SpinTrylock(0, lock)}}, 1);
  EXPECT_FALSE(Allows(kept, {{Reg(0, 0), 1}, {Reg(1, 0), 1}}));
  EXPECT_FALSE(Allows(kept, {{Reg(0, 0), 0}, {Reg(1, 0), 0}}));
  EXPECT_TRUE(Allows(kept, {{Reg(0, 0), 0}, {Loc(lock), 1}}));
}

TEST(Axiomatic, IsLockedSeesItsOwnLock) {
  const int lock = 1;
  const Program own = MakeProgram("own", 1,
                                  {{SpinIsLocked(0, lock), SpinLock(lock), SpinIsLocked(1, lock),
                                    SpinUnlock(lock), SpinIsLocked(2, lock)}},
                                  1);
  const LkmmResult result = CheckLkmm(own);
  ASSERT_EQ(result.states.size(), 1u);
  EXPECT_EQ(result.states.begin()->first.registers[0], (std::vector<Value>{0, 1, 0}));
  const Program other =
      MakeProgram("other", 1, {{SpinLock(lock), SpinUnlock(lock)}, {SpinIsLocked(0, lock)}}, 1);
  EXPECT_TRUE(Allows(other, {{Reg(1, 0), 0}}));
  EXPECT_TRUE(Allows(other, {{Reg(1, 0), 1}}));
}

TEST(Axiomatic, IsLockedIsNoLock) {
  // Both ask and neither holds: store buffering on two locks.
  const Program program = MakeProgram(
      "SB", 0, {{SpinLock(0), SpinIsLocked(0, 1)}, {SpinLock(1), SpinIsLocked(0, 0)}}, 2);
  EXPECT_TRUE(Allows(program, kBothMiss));
  const Program fenced =
      MakeProgram("SB", 0,
                  {{SpinLock(0), FenceOf(Fence::kAfterSpinlock), SpinIsLocked(0, 1)},
                   {SpinLock(1), FenceOf(Fence::kAfterSpinlock), SpinIsLocked(0, 0)}},
                  2);
  EXPECT_FALSE(Allows(fenced, kBothMiss));
}

// --- RCU ---

const Body kReader = {RcuReadLock(), Load(0, kX), Load(1, kY), RcuReadUnlock()};

TEST(Axiomatic, AGracePeriodWaitsForReaders) {
  EXPECT_FALSE(Allows(
      MakeProgram("RCU", 2, {{Store(kY, 1), SynchronizeRcu(), Store(kX, 1)}, kReader}), kStale));
  EXPECT_TRUE(
      Allows(MakeProgram("RCU", 2, {{Store(kY, 1), Wmb(), Store(kX, 1)}, kReader}), kStale));
  // Loads before and after the period, stores in the section: the section is on one side.
  const Program stores =
      MakeProgram("RCU", 2,
                  {{Load(0, kX), SynchronizeRcu(), Load(1, kY)},
                   {RcuReadLock(), Store(kY, 1), Store(kX, 1), RcuReadUnlock()}});
  EXPECT_FALSE(Allows(stores, {{Reg(0, 0), 1}, {Reg(0, 1), 0}}));
  EXPECT_TRUE(Allows(stores, {{Reg(0, 0), 0}, {Reg(0, 1), 1}}));
}

TEST(Axiomatic, OneGracePeriodIsNotEnoughForTwoReaders) {
  // P0's section ends before P1's begins, as far as they can tell; P2's period spans both.
  const auto with = [](int periods) {
    Body updater = {Store(kX, 1)};
    for (int i = 0; i < periods; ++i) updater.push_back(SynchronizeRcu());
    updater.push_back(Load(0, kZ));
    return MakeProgram("RCU", 3,
                       {{RcuReadLock(), Store(kZ, 1), Load(0, kY), RcuReadUnlock()},
                        {RcuReadLock(), Store(kY, 1), Load(0, kX), RcuReadUnlock()},
                        updater});
  };
  const Outcome all_miss = {{Reg(0, 0), 0}, {Reg(1, 0), 0}, {Reg(2, 0), 0}};
  EXPECT_TRUE(Allows(with(1), all_miss));
  EXPECT_FALSE(Allows(with(2), all_miss));
}

TEST(Axiomatic, InnerSectionsAreCoveredByTheOuterOne) {
  const Program program = MakeProgram(
      "RCU", 2,
      {{Store(kY, 1), SynchronizeRcu(), Store(kX, 1)},
       {RcuReadLock(), Load(0, kX), RcuReadLock(), RcuReadUnlock(), Load(1, kY), RcuReadUnlock()}});
  EXPECT_FALSE(Allows(program, kStale));
}

// --- Plain accesses ---

TEST(Axiomatic, PlainAccessesRaceUnlessOrdered) {
  const auto mp = [](Order store, Order load) {
    return MakeProgram("MP", 2,
                       {{Store(kX, 1, kPlain), Store(kY, 1, store)},
                        {Load(0, kY, load), If(Register(0), {Load(1, kX, kPlain)})}});
  };
  EXPECT_FALSE(CheckLkmm(mp(kRelease, kAcquire)).data_race);
  EXPECT_FALSE(Allows(mp(kRelease, kAcquire), kStale));
  EXPECT_TRUE(CheckLkmm(mp(kRelaxed, kAcquire)).data_race);
  EXPECT_TRUE(CheckLkmm(mp(kRelease, kRelaxed)).data_race);
  // Under a lock there is no race; marked accesses never have one.
  const Body locked = {SpinLock(2), Store(kX, 1, kPlain), SpinUnlock(2)};
  EXPECT_FALSE(CheckLkmm(MakeProgram("locked", 2, {locked, locked}, 1)).data_race);
  EXPECT_TRUE(CheckLkmm(MakeProgram("ww", 1, {{Store(kX, 1, kPlain)}, {Store(kX, 2)}})).data_race);
  EXPECT_FALSE(CheckLkmm(MakeProgram("ww", 1, {{Store(kX, 1)}, {Store(kX, 2)}})).data_race);
}

// --- What is said about states ---

const LkmmState& About(const LkmmResult& result, const Outcome& outcome) {
  for (const auto& [state, about] : result.about) {
    if (Fits(state, outcome)) return about;
  }
  ADD_FAILURE() << "no such state";
  static const LkmmState none;
  return none;
}

TEST(Axiomatic, TellsSerialAndLoadBufferingStates) {
  const LkmmResult sb = CheckLkmm(StoreBuffering({}, {}));
  EXPECT_EQ(sb.states.size(), 4u);
  EXPECT_FALSE(About(sb, kBothMiss).sc);
  EXPECT_FALSE(About(sb, kBothMiss).needs_load_buffering);
  EXPECT_TRUE(About(sb, {{Reg(0, 0), 1}}).sc);

  const LkmmResult lb =
      CheckLkmm(LoadBuffering({Load(0, kX), Store(kY, 1)}, {Load(0, kY), Store(kX, 1)}));
  EXPECT_FALSE(About(lb, kBothAhead).sc);
  EXPECT_TRUE(About(lb, kBothAhead).needs_load_buffering);
  EXPECT_FALSE(About(lb, {{Reg(0, 0), 0}}).needs_load_buffering);
}

// Loads that run after later stores may be needed without a cycle of rf and program order alone.
TEST(Axiomatic, LoadBufferingMayBeHiddenBehindFences) {
  const LkmmResult result = CheckLkmm(MakeProgram("Z", 3,
                                                  {{Load(0, kX), Store(kY, 1)},
                                                   {Load(0, kY), Mb(), Load(1, kZ)},
                                                   {Store(kZ, 1), Mb(), Store(kX, 1)}}));
  const Outcome outcome = {{Reg(0, 0), 1}, {Reg(1, 0), 1}, {Reg(1, 1), 0}};
  EXPECT_TRUE(About(result, outcome).needs_load_buffering);
}

TEST(Axiomatic, StopsWhenToldTo) {
  LkmmOptions options;
  options.candidates_max = 2;
  const LkmmResult result = CheckLkmm(StoreBuffering({}, {}), options);
  EXPECT_FALSE(result.complete);
  EXPECT_EQ(result.candidates, 2u);
}

// --- Every part of the model matters ---

struct PartRow {
  const char* name;
  LkmmParts left_out;
  Program program;
  Outcome outcome;
  LkmmVersion version = LkmmVersion::k6_1;
  bool with_all = false;  // whether the model with all its parts allows the outcome
};

std::vector<PartRow> PartRows() {
  using P = LkmmPart;
  const Outcome mp = kStale;
  const Body release = {Store(kX, 1), Store(kY, 1, kRelease)};
  const Body acquire = {Load(0, kY, kAcquire), Load(1, kX)};
  const Body rmb = {Load(0, kY), Rmb(), Load(1, kX)};
  const Body wmb = {Store(kX, 1), Wmb(), Store(kY, 1)};
  const Body lb_mb = {Load(0, kY), Mb(), Store(kX, 1)};
  const Program mp_release = MessagePassing(release, acquire);
  const Program isa2 = MakeProgram("ISA2", 3,
                                   {{Store(kX, 1), Store(kY, 1, kRelease)},
                                    {Load(0, kY), Store(kZ, 1, kRelease)},
                                    {Load(0, kZ, kAcquire), Load(1, kX)}});
  const Program rcu =
      MakeProgram("RCU", 2, {{Store(kY, 1), SynchronizeRcu(), Store(kX, 1)}, kReader});
  const auto two_and_two = [](bool alternate) {
    // Two periods and two sections, in a cycle of store buffering.
    const auto section = [](int stored, int loaded) {
      return Body{RcuReadLock(), Store(stored, 1), Load(0, loaded), RcuReadUnlock()};
    };
    const auto period = [](int stored, int loaded) {
      return Body{Store(stored, 1), SynchronizeRcu(), Load(0, loaded)};
    };
    return alternate
               ? MakeProgram("RCU", 4, {section(0, 1), period(1, 2), section(2, 3), period(3, 0)})
               : MakeProgram("RCU", 4, {section(0, 1), section(1, 2), period(2, 3), period(3, 0)});
  };
  const Outcome four_miss = {{Reg(0, 0), 0}, {Reg(1, 0), 0}, {Reg(2, 0), 0}, {Reg(3, 0), 0}};
  const int lock = 4, other = 5;
  return {
      {"coherence", Part(P::kCoherence),
       MakeProgram("CoRR", 1, {{Store(kX, 1)}, {Load(0, kX), Load(1, kX)}}), mp},
      {"atomic", Part(P::kAtomic),
       MakeProgram(
           "adds", 1,
           {{Rmw(RmwKind::kAdd, 0, kX, 1, kRelaxed)}, {Rmw(RmwKind::kAdd, 0, kX, 1, kRelaxed)}}),
       kBothMiss},
      {"happens-before", Part(P::kHappensBefore), mp_release, mp},
      {"propagation", Part(P::kPropagation), StoreBuffering({Mb()}, {Mb()}), kBothMiss},
      {"rcu", Part(P::kRcu), rcu, mp},
      {"plain-coherence", Part(P::kPlainCoherence),
       MessagePassing({Store(kX, 1, kPlain), Store(kY, 1, kRelease)},
                      {Load(0, kY, kAcquire), Load(1, kX, kPlain)}),
       mp},
      {"acq-po", Part(P::kAcqPo), mp_release, mp},
      {"po-rel", Part(P::kPoRel), mp_release, mp},
      {"rmb", Part(P::kRmb), MessagePassing(release, rmb), mp},
      {"noreturn",
       Part(P::kNoreturn),
       MessagePassing(wmb, {RmwWithoutValue(RmwKind::kAdd, kY, 2), Rmb(), Load(1, kX)}),
       {{Reg(1, 1), 0}, {Loc(kY), 3}},
       LkmmVersion::k6_1,
       true},
      {"wmb", Part(P::kWmb), MessagePassing(wmb, rmb), mp},
      {"mb", Part(P::kMb), StoreBuffering({Mb()}, {SynchronizeRcu()}), kBothMiss},
      {"before-atomic", Part(P::kBeforeAtomic),
       StoreBuffering({FenceOf(Fence::kBeforeAtomic), RmwWithoutValue(RmwKind::kAdd, kZ, 1)},
                      {Mb()}),
       kBothMiss},
      {"after-atomic", Part(P::kAfterAtomic),
       StoreBuffering({RmwWithoutValue(RmwKind::kAdd, kZ, 1), FenceOf(Fence::kAfterAtomic)},
                      {Mb()}),
       kBothMiss},
      {"after-spinlock", Part(P::kAfterSpinlock),
       StoreBuffering({SpinLock(lock), FenceOf(Fence::kAfterSpinlock)}, {Mb()}), kBothMiss},
      {"after-unlock-lock", Part(P::kAfterUnlockLock),
       StoreBuffering(
           {SpinLock(lock), SpinUnlock(lock), SpinLock(other), FenceOf(Fence::kAfterUnlockLock)},
           {Mb()}),
       kBothMiss},
      {"after-unlock-lock of 6.12", Part(P::kAfterUnlockLock),
       StoreBuffering(
           {SpinLock(lock), SpinUnlock(lock), SpinLock(other), FenceOf(Fence::kAfterUnlockLock)},
           {Mb()}),
       kBothMiss, LkmmVersion::k6_12},
      // Each of the two implies the other where the axioms are used.
      {"gp", Part(P::kGp) | Part(P::kRcuGp), StoreBuffering({SynchronizeRcu()}, {Mb()}), kBothMiss},
      {"addr", Part(P::kAddr),
       MessagePassing(wmb, {Load(0, kY), Load(1, AddressDependingOn(kX, 0))}), mp},
      {"data", Part(P::kData),
       LoadBuffering({Load(0, kX), Store(kY, ValueDependingOn(1, 0))}, lb_mb), kBothAhead},
      {"ctrl", Part(P::kCtrl), LoadBuffering({Load(0, kX), If(Register(0), {Store(kY, 1)})}, lb_mb),
       kBothAhead},
      {"addr to plain, then wmb", Part(P::kAddrWmb),
       LoadBuffering(
           {Load(0, kX), Store(AddressDependingOn(kZ, 0), 1, kPlain), Wmb(), Store(kY, 1)}, lb_mb),
       kBothAhead},
      {"overwrite & int",
       Part(P::kOverwriteInt),
       MakeProgram("overwrite", 2,
                   {{Load(0, kX), Store(kX, 2)},
                    {Load(0, kX), Store(kY, ValueDependingOn(1, 0))},
                    {Load(0, kY), Store(kX, ValueDependingOn(1, 0))}}),
       {{Reg(0, 0), 1}, {Reg(1, 0), 2}, {Reg(2, 0), 1}}},
      {"dep ; rfi", Part(P::kDepRfi),
       MessagePassing(wmb, {Load(0, kY), Store(kZ, Register(0)), Load(2, kZ),
                            Load(1, AddressDependingOn(kX, 2))}),
       mp},
      // What is in cumul-fence is in prop, and so in hb.
      {"po-unlock-lock-po", Part(P::kPoUnlockLockPoInPpo) | Part(P::kPoUnlockLockPoInCumulFence),
       LoadBuffering({SpinLock(lock), Load(0, kX), SpinUnlock(lock), SpinLock(other), Store(kY, 1),
                      SpinUnlock(other)},
                     {Load(0, kY, kAcquire), Store(kX, 1)}),
       kBothAhead},
      {"po-unlock-lock-po in cumul-fence", Part(P::kPoUnlockLockPoInCumulFence),
       MessagePassing({SpinLock(lock), Store(kX, 1), SpinUnlock(lock), SpinLock(other),
                       Store(kY, 1), SpinUnlock(other)},
                      rmb),
       mp},
      {"A-cumul",
       Part(P::kACumul),
       MakeProgram("WRC", 2, {{Store(kX, 1)}, {Load(0, kX), Store(kY, 1, kRelease)}, acquire}),
       {{Reg(1, 0), 1}, {Reg(2, 0), 1}, {Reg(2, 1), 0}}},
      {"cumul-fence*",
       Part(P::kCumulFenceStar),
       isa2,
       {{Reg(1, 0), 1}, {Reg(2, 0), 1}, {Reg(2, 1), 0}}},
      {"overwrite in prop", Part(P::kPropOverwrite), mp_release, mp},
      {"rfe in prop", Part(P::kPropRfe), mp_release, mp},
      {"prop in hb", Part(P::kPropInHb), mp_release, mp},
      // A cycle may be entered anywhere: of each of the two, one finds what the other does.
      {"a period and a section", Part(P::kRcuGpRscs) | Part(P::kRcuRscsGp), rcu, mp},
      {"two of each, alternating", Part(P::kRcuNested) | Part(P::kRcuChain), two_and_two(true),
       four_miss},
      {"two of each", Part(P::kRcuNested) | Part(P::kRcuChain), two_and_two(false), four_miss},
      {"carry-dep", Part(P::kCarryDep),
       MessagePassing(wmb, {Load(0, kY), Store(kZ, Register(0), kPlain), Load(2, kZ, kPlain),
                            Load(1, AddressDependingOn(kX, 2))}),
       mp, LkmmVersion::k6_12},
      {"rmw-sequence",
       Part(P::kRmwSequence),
       MakeProgram("MP", 2, {release, acquire, {Rmw(RmwKind::kAdd, 0, kY, 1, kRelaxed)}}),
       {{Reg(2, 0), 1}, {Reg(1, 0), 2}, {Reg(1, 1), 0}},
       LkmmVersion::k6_12},
  };
}

TEST(Axiomatic, EveryPartOfTheModelMatters) {
  LkmmParts covered = 0;
  for (const PartRow& row : PartRows()) {
    SCOPED_TRACE(row.name);
    LkmmOptions options;
    options.version = row.version;
    EXPECT_EQ(Allows(row.program, row.outcome, options), row.with_all);
    options.left_out = row.left_out;
    EXPECT_EQ(Allows(row.program, row.outcome, options), !row.with_all);
    covered |= row.left_out;
  }
  EXPECT_EQ(covered, Part(LkmmPart::kPartCount) - 1);
}

TEST(Axiomatic, Of612ForbidsMore) {
  for (const PartRow& row : PartRows()) {
    if (row.left_out != Part(LkmmPart::kCarryDep) && row.left_out != Part(LkmmPart::kRmwSequence)) {
      continue;
    }
    SCOPED_TRACE(row.name);
    EXPECT_TRUE(Allows(row.program, row.outcome, {.version = LkmmVersion::k6_1}));
    EXPECT_FALSE(Allows(row.program, row.outcome, {.version = LkmmVersion::k6_12}));
  }
}

}  // namespace
}  // namespace walkrace::litmus
