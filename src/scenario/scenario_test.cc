#include "scenario/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "machine/profiles.h"
#include "scenario/operation_table.h"
#include "scenario/random_inputs.h"

namespace walkrace {
namespace {

using ::testing::ElementsAre;

Operation Normalized(Operation operation) {
  Normalize(operation);
  return operation;
}

TEST(NormalizeOperation, ClearsFieldsThatTheKindDoesNotUse) {
  EXPECT_EQ(Normalized({OperationKind::kUnpin, 3, 4, 255}), (Operation{OperationKind::kUnpin}));
  EXPECT_EQ(Normalized({OperationKind::kRead, 3, 4, 255}), (Operation{OperationKind::kRead, 3}));
  EXPECT_EQ(Normalized({OperationKind::kZap, 3, 4, 255}), (Operation{OperationKind::kZap, 3, 4}));
  EXPECT_EQ(Normalized({OperationKind::kCollapse, 13, 4, 255}),
            (Operation{OperationKind::kCollapse, 8}));
  EXPECT_EQ(Normalized({OperationKind::kGup, 3, 4, 255}),
            (Operation{OperationKind::kGup, 3, 4, kOperationFlags}));
}

TEST(NormalizeOperation, KeepsRangesWithinTheArea) {
  EXPECT_EQ(Normalized({OperationKind::kZap, 12, 0}), (Operation{OperationKind::kZap, 12, 1}));
  EXPECT_EQ(Normalized({OperationKind::kZap, 12, 255}), (Operation{OperationKind::kZap, 12, 4}));
  EXPECT_EQ(Normalized({OperationKind::kZap, 0, 255}), (Operation{OperationKind::kZap, 0, 16}));
  EXPECT_EQ(Normalized({OperationKind::kZap, 255, 255}), (Operation{OperationKind::kZap, 15, 1}));
}

TEST(NormalizeOperation, AcceptsAnyKind) {
  for (int kind = 0; kind < 256; ++kind) {
    const Operation once = Normalized({static_cast<OperationKind>(kind), 7, 9, 3});
    EXPECT_LT(once.kind, OperationKind::kCount);
    EXPECT_EQ(Normalized(once), once);
  }
}

TEST(Normalize, LeavesTheDefaultAlone) {
  static const Input input;
  EXPECT_TRUE(IsNormalized(input));
}

TEST(Normalize, ClampsCpuCountAndEmptiesTheCpusBehindIt) {
  static Input input;
  input.scenario.cpu_count = 0;
  ASSERT_TRUE(input.scenario.cpus[0].push_back({OperationKind::kUnpin}));
  ASSERT_TRUE(input.scenario.cpus[1].push_back({OperationKind::kUnpin}));
  Normalize(input);
  EXPECT_EQ(input.scenario.cpu_count, 1);
  EXPECT_EQ(input.scenario.cpus[0].size(), 1);
  EXPECT_TRUE(input.scenario.cpus[1].empty());
  input.scenario.cpu_count = 255;
  Normalize(input);
  EXPECT_EQ(input.scenario.cpu_count, kCpusMax);
}

TEST(Normalize, TakesUnknownProfilesAndLevelsAway) {
  Scenario scenario;
  size_t count;
  Profiles(&count);
  scenario.profile = static_cast<uint8_t>(count);
  scenario.layout.levels = 9;
  Normalize(scenario);
  EXPECT_EQ(scenario.profile, kNoProfile);
  EXPECT_EQ(scenario.layout.levels, 5);
  scenario.profile = static_cast<uint8_t>(count - 1);
  scenario.layout.levels = 0;
  Normalize(scenario);
  EXPECT_EQ(scenario.profile, count - 1);
  EXPECT_EQ(scenario.layout.levels, 4);
  scenario.layout.levels = 3;
  Normalize(scenario);
  EXPECT_EQ(scenario.layout.levels, 3);
}

TEST(Normalize, GivesAHugeRegionTheStateOfItsFirstPage) {
  Scenario scenario;
  scenario.layout = {};
  scenario.layout.pages[0] = PageState::kReadOnly;
  scenario.layout.pages[9] = PageState::kWritable;
  scenario.layout.huge[0] = scenario.layout.huge[1] = true;
  Normalize(scenario);
  for (int page = 0; page < kPagesPerRegion; ++page) {
    EXPECT_EQ(scenario.layout.pages[page], PageState::kReadOnly);
  }
  EXPECT_TRUE(scenario.layout.huge[0]);
  EXPECT_FALSE(scenario.layout.huge[1]) << "nothing is mapped at its first page";
  EXPECT_EQ(scenario.layout.pages[9], PageState::kNone);
}

TEST(Normalize, DropsPreemptionsThatCanHaveNoEffect) {
  static Input input;
  input.scenario.cpu_count = 3;
  const Preemption entries[] = {{0, 0, 1}, {0, 1, 0}, {1, 1, 1},    {1, 3, 0},
                                {1, 0, 3}, {9, 2, 0}, {8192, 1, 2}, {8193, 1, 2}};
  for (const Preemption& entry : entries) ASSERT_TRUE(input.schedule.push_back(entry));
  Normalize(input);
  EXPECT_THAT(std::vector(input.schedule.begin(), input.schedule.end()),
              ElementsAre(entries[0], entries[5], entries[6]));
}

TEST(ToText, SaysEachOperation) {
  const auto text = [](const Operation& operation) { return std::string(ToText(operation).text); };
  EXPECT_EQ(text({OperationKind::kGup, 0, 2, kGupPin | kGupWrite}), "pin 0-1 write");
  EXPECT_EQ(text({OperationKind::kGup, 3, 1, kGupPin}), "pin 3");
  EXPECT_EQ(text({OperationKind::kGup, 0, 8, kGupWrite}), "get 0-7 write");
  EXPECT_EQ(text({OperationKind::kGup, 10, 6, 0}), "get 10-15");
  EXPECT_EQ(text({OperationKind::kWritePinned}), "write-pinned");
  EXPECT_EQ(text({OperationKind::kReadPinned}), "read-pinned");
  EXPECT_EQ(text({OperationKind::kUnpin}), "unpin");
  EXPECT_EQ(text({OperationKind::kCollapse, 8}), "collapse 8-15");
  EXPECT_EQ(text({OperationKind::kZap, 0, 4}), "zap 0-3");
  EXPECT_EQ(text({OperationKind::kFault, 3}), "fault 3");
  EXPECT_EQ(text({OperationKind::kRead, 0}), "read 0");
  EXPECT_EQ(text({OperationKind::kWrite, 15}), "write 15");
}

TEST(OperationTable, HasARowForEachKind) {
  for (int kind = 0; kind < static_cast<int>(OperationKind::kCount); ++kind) {
    EXPECT_EQ(RowOf({static_cast<OperationKind>(kind)}).kind, static_cast<OperationKind>(kind));
  }
}

}  // namespace
}  // namespace walkrace
