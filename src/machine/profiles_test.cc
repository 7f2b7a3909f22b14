#include "machine/profiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <string>
#include <vector>

namespace walkrace {
namespace {

using ::testing::ElementsAre;

TEST(Profiles, HaveTheNamesThatOthersBuildOn) {
  std::vector<std::string> names;
  size_t count;
  const Profile* rows = Profiles(&count);
  for (size_t i = 0; i < count; ++i) names.push_back(rows[i].name);
  EXPECT_THAT(names, ElementsAre("x86-64", "x86-64-paravirt", "arm64", "powerpc-hash"));
}

TEST(Profiles, AreFoundByNameAndIndex) {
  size_t count;
  const Profile* rows = Profiles(&count);
  for (size_t i = 0; i < count; ++i) {
    EXPECT_EQ(FindProfile(rows[i].name), &rows[i]);
    EXPECT_EQ(&ProfileAt(i), &rows[i]);
    EXPECT_EQ(IndexOf(rows[i]), i);
    EXPECT_GT(std::strlen(rows[i].summary), 0u);
  }
  EXPECT_EQ(FindProfile(""), nullptr);
  EXPECT_EQ(FindProfile("arm"), nullptr);
  EXPECT_EQ(FindProfile("ARM64"), nullptr);
}

TEST(Profiles, X86InterruptsForEachFlushAndFreesTablesAtOnce) {
  const Profile& profile = *FindProfile("x86-64");
  EXPECT_EQ(profile.clear, Clear::kXchg);
  EXPECT_EQ(profile.collapse_flush, FlushIpi::kMmCpumask);
  EXPECT_EQ(profile.other_flush, FlushIpi::kMmCpumask);
  EXPECT_EQ(profile.table_free, TableFree::kAtOnce);
}

TEST(Profiles, ParavirtAndArmInterruptNobody) {
  for (const char* name : {"x86-64-paravirt", "arm64"}) {
    const Profile& profile = *FindProfile(name);
    EXPECT_EQ(profile.collapse_flush, FlushIpi::kNobody) << name;
    EXPECT_EQ(profile.other_flush, FlushIpi::kNobody) << name;
    EXPECT_EQ(profile.table_free, TableFree::kRcu) << name;
  }
  EXPECT_EQ(FindProfile("arm64")->clear, Clear::kRelaxedXchg);
  EXPECT_EQ(FindProfile("x86-64-paravirt")->clear, Clear::kXchg);
}

TEST(Profiles, PowerpcHashInterruptsForCollapseAlone) {
  const Profile& profile = *FindProfile("powerpc-hash");
  EXPECT_EQ(profile.collapse_flush, FlushIpi::kSerializes);
  EXPECT_EQ(profile.other_flush, FlushIpi::kNobody);
  EXPECT_EQ(profile.table_free, TableFree::kRcu);
}

TEST(ProfilesDeathTest, IndexIsChecked) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH((void)ProfileAt(4), "internal check failed");
}

}  // namespace
}  // namespace walkrace
