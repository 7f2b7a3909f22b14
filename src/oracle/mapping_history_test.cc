#include "oracle/mapping_history.h"

#include <gtest/gtest.h>

#include "oracle/test_bed.h"

namespace walkrace {
namespace {

uint32_t EventOf(const Script& script, const std::string& function) {
  const Engine& engine = script.engine();
  for (uint32_t i = 0; i < engine.event_count(); ++i) {
    const Event& event = engine.events()[i];
    if (IsEntry(ObjectAt(event.location).kind) && event.site->function == function) return i;
  }
  return kNoEvent;
}

TEST(MappingHistory, TheStart) {
  Script script;
  script.On(0, [] {});
  script.Run();
  const MappingHistory& mappings = script.mappings();
  EXPECT_EQ(mappings.Current(0).page, (Allocation{1, 0}));
  EXPECT_TRUE(mappings.Current(0).writable);
  EXPECT_EQ(mappings.Current(2).page.pfn, 0);
  EXPECT_EQ(mappings.LastChange(0), kNoEvent);
  EXPECT_EQ(mappings.EndOfMapping(0, 1), kNoEvent);
  EXPECT_TRUE(mappings.WasMapped(0, {1, 0}, true, 0));
  EXPECT_FALSE(mappings.WasMapped(0, {2, 0}, false, 0));
}

TEST(MappingHistory, AHugePage) {
  Script script(HugeLayout());
  script.On(0, ClearPmd);
  script.Run();
  const MappingHistory& mappings = script.mappings();
  EXPECT_TRUE(mappings.Before(3, EventOf(script, "ClearPmd")).huge);
  EXPECT_EQ(mappings.Before(3, EventOf(script, "ClearPmd")).page.pfn, 35);
  EXPECT_EQ(mappings.Current(3).page.pfn, 0);
}

TEST(MappingHistory, ChangesByTheEntryAndByItsTable) {
  Script script;
  script.On(0, [] {
    ClearPmd();
    ClearPte(0);  // nothing that anybody sees
    RestorePmd();
  });
  script.Run();
  const MappingHistory& mappings = script.mappings();
  EXPECT_EQ(mappings.EndOfMapping(0, 1), EventOf(script, "ClearPmd"));
  EXPECT_EQ(mappings.LastChange(0), EventOf(script, "ClearPmd"));
  EXPECT_EQ(mappings.LastChange(1), EventOf(script, "RestorePmd"));
  EXPECT_EQ(mappings.Current(1).page, (Allocation{2, 0}));
  EXPECT_FALSE(mappings.WasMapped(0, {1, 0}, false, EventOf(script, "ClearPmd")));
  EXPECT_TRUE(mappings.WasMapped(0, {1, 0}, false, EventOf(script, "ClearPmd") - 1));
}

TEST(MappingHistory, AReusedFrameIsAnotherAllocation) {
  Script script;
  script.On(0, [] {
    ClearPte(0);
    DropMapping(1);
    SetPte(0, Alloc(), false);
  });
  script.Run();
  const MappingHistory& mappings = script.mappings();
  EXPECT_EQ(mappings.Current(0).page, (Allocation{1, 1}));
  EXPECT_EQ(mappings.GenerationOf(1), 1);
  EXPECT_FALSE(mappings.IsCurrent({1, 0}));
  EXPECT_TRUE(mappings.WasMapped(0, {1, 0}, true, 0));
  EXPECT_TRUE(mappings.WasMapped(0, {1, 1}, false, 0));
  EXPECT_FALSE(mappings.WasMapped(0, {1, 1}, true, 0));
}

TEST(MappingHistory, KeepsTheLatestChangesOfALongRun) {
  Script script;
  script.On(0, [] {
    for (int i = 0; i < 300; ++i) {
      ClearPmd();
      RestorePmd();
    }
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "clean");
  EXPECT_EQ(script.mappings().Current(0).page, (Allocation{1, 0}));
}

}  // namespace
}  // namespace walkrace
