#include "litmus/random_litmus.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

#include "base/build_info.h"
#include "litmus/litmus_test_bed.h"
#include "litmus/serial_states.h"
#include "litmus/to_text.h"
#include "litmus/verdict.h"

namespace walkrace::litmus {
namespace {

const uint64_t kPrograms = kFlavour == std::string_view("plain") ? 1500 : 240;

std::string Describe(const Program& program, const FinalState& state) {
  std::string text = ToText(program);
  for (size_t i = 0; i < state.registers.size(); ++i) {
    for (size_t j = 0; j < state.registers[i].size(); ++j) {
      const Place place = {static_cast<int>(i), static_cast<int>(j)};
      text += PlaceText(program, place) + "=" + ValueText(program, state.registers[i][j]) + " ";
    }
  }
  for (size_t i = 0; i < state.locations.size(); ++i) {
    text += PlaceText(program, {-1, static_cast<int>(i)}) + "=" +
            ValueText(program, state.locations[i]) + " ";
  }
  return text;
}

void CountInstructions(const std::vector<Instruction>& body, std::set<std::string>& kinds,
                       int& accesses) {
  for (const Instruction& it : body) {
    std::string kind = std::to_string(static_cast<int>(it.opcode));
    if (it.opcode == Opcode::kLoad || it.opcode == Opcode::kStore) {
      kind += " order " + std::to_string(static_cast<int>(it.order));
      ++accesses;
    }
    if (it.opcode == Opcode::kRmw) {
      kind += " rmw " + std::to_string(static_cast<int>(it.rmw)) +
              (it.returns_value ? " order " + std::to_string(static_cast<int>(it.order)) : "");
      accesses += 2;
    }
    if (it.opcode == Opcode::kFence) kind += " " + std::to_string(static_cast<int>(it.fence));
    kinds.insert(kind);
    CountInstructions(it.then, kinds, accesses);
    CountInstructions(it.otherwise, kinds, accesses);
  }
}

TEST(RandomLitmus, DrawsEveryPrimitiveAndStaysSmall) {
  std::set<std::string> kinds;
  for (uint64_t seed = 0; seed < 1500; ++seed) {
    const Program program = RandomLitmus(seed);
    EXPECT_GE(program.threads.size(), 2u);
    EXPECT_LE(program.threads.size(), 4u);
    int accesses = 0;
    for (const Thread& thread : program.threads) CountInstructions(thread.body, kinds, accesses);
    EXPECT_LE(accesses, 18) << ToText(program);
  }
  // 2 loads, 2 stores; xchg and cmpxchg in 4 orders, 4 others also without a value, add_unless;
  // 8 fences; locks 4, RCU 3, branches 1.
  EXPECT_EQ(kinds.size(), 2u + 2 + 2 * 4 + 4 * 5 + 1 + 8 + 4 + 3 + 1);
}

TEST(RandomLitmus, TheSameSeedGivesTheSameProgram) {
  EXPECT_EQ(ToText(RandomLitmus(7)), ToText(RandomLitmus(7)));
  EXPECT_NE(ToText(RandomLitmus(7)), ToText(RandomLitmus(8)));
}

TEST(RandomLitmus, WeakOutcomesAreCommon) {
  int weak = 0, with_load_buffering = 0;
  for (uint64_t seed = 0; seed < kPrograms; ++seed) {
    const LkmmResult result = CheckLkmm(RandomLitmus(seed));
    EXPECT_TRUE(result.complete);
    EXPECT_FALSE(result.data_race);
    bool is_weak = false, buffers_loads = false;
    for (const auto& [state, about] : result.about) {
      is_weak = is_weak || !about.sc;
      buffers_loads = buffers_loads || about.needs_load_buffering;
    }
    weak += is_weak;
    with_load_buffering += buffers_loads;
  }
  EXPECT_GT(weak, static_cast<int>(kPrograms) / 3);
  EXPECT_GT(with_load_buffering, static_cast<int>(kPrograms) / 50);
  RecordProperty("weak", weak);
  RecordProperty("load_buffering", with_load_buffering);
}

// Two ways to the serial states that share no code: interleavings, and cycles of po and com.
TEST(RandomLitmus, SerialStatesAreThoseOfTheInterleavings) {
  for (uint64_t seed = 0; seed < kPrograms / 3; ++seed) {
    const Program program = RandomLitmus(seed);
    LkmmOptions options;
    options.trusts_serial = false;
    const LkmmResult result = CheckLkmm(program, options);
    std::set<FinalState> serial;
    for (const auto& [state, about] : result.about) {
      if (!about.sc) continue;
      serial.insert(state);
      EXPECT_FALSE(about.needs_load_buffering);
    }
    const std::set<FinalState> interleaved = SerialStates(program);
    for (const FinalState& state : interleaved) {
      EXPECT_TRUE(serial.contains(state)) << Describe(program, state);
    }
    for (const FinalState& state : serial) {
      EXPECT_TRUE(interleaved.contains(state)) << Describe(program, state);
    }
    // The quick way for serial candidates changes nothing.
    EXPECT_EQ(CheckLkmm(program).states, result.states) << ToText(program);
    if (HasFailure()) return;
  }
}

TEST(RandomLitmus, Of612AllowsNothingNew) {
  int fewer = 0;
  for (uint64_t seed = 0; seed < kPrograms; ++seed) {
    const Program program = RandomLitmus(seed);
    LkmmOptions options;
    const LkmmResult older = CheckLkmm(program, options);
    options.version = LkmmVersion::k6_12;
    const LkmmResult newer = CheckLkmm(program, options);
    for (const auto& [state, count] : newer.states) {
      const auto found = older.states.find(state);
      ASSERT_TRUE(found != older.states.end()) << Describe(program, state);
      EXPECT_LE(count, found->second);
    }
    fewer += newer.states.size() < older.states.size();
  }
  RecordProperty("fewer", fewer);
}

TEST(RandomLitmus, PlainAccessesAreDrawnWhenAskedFor) {
  RandomLitmusOptions options;
  options.plain = true;
  int racy = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    racy += CheckLkmm(RandomLitmus(seed, options)).data_race;
  }
  EXPECT_GT(racy, 100);
  EXPECT_LT(racy, 200);
}

}  // namespace
}  // namespace walkrace::litmus
