#include "machine/profiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <string>
#include <vector>

namespace walkrace {
namespace {

using ::testing::IsSupersetOf;

TEST(Profiles, HaveTheNamesThatOthersBuildOn) {
  std::vector<std::string> names;
  size_t count;
  const Profile* rows = Profiles(&count);
  for (size_t i = 0; i < count; ++i) names.push_back(rows[i].name);
  EXPECT_THAT(names, IsSupersetOf({"x86-64", "x86-64-paravirt", "arm64", "powerpc-hash",
                                   "x86-64-kvm", "x86-64-rcu", "x86-64-invlpgb", "x86-pae",
                                   "x86-pae-new", "x86-pae-paravirt", "arm-lpae", "s390",
                                   "powerpc-radix", "powerpc-radix-ipi", "riscv-ipi", "riscv-sbi",
                                   "mips", "mips-mmid", "loongarch"}));
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

// Read off the sources, and nothing here may hide it (A14).
TEST(Profiles, MipsWithMmidsHasNeitherIpiNorRcu) {
  const Profile& profile = *FindProfile("mips-mmid");
  EXPECT_FALSE(WaitsForWalkers(profile.other_flush));
  EXPECT_EQ(profile.table_free, TableFree::kAtOnce);
}

TEST(Profiles, AUsersProfileComesLastAndTheOthersStay) {
  size_t before, after;
  const Profile* rows = Profiles(&before);
  Profile mine = *FindProfile("arm64");
  mine.name = "mine";
  const Profile* added = AddProfile(mine);
  ASSERT_NE(added, nullptr);
  EXPECT_EQ(Profiles(&after), rows);
  EXPECT_EQ(after, before + 1);
  EXPECT_EQ(IndexOf(*added), before);
  EXPECT_EQ(FindProfile("mine"), added);
  mine.name = "another";
  EXPECT_EQ(AddProfile(mine), nullptr) << "one at most";
  RemoveAddedProfile();
  EXPECT_EQ(FindProfile("mine"), nullptr);
  mine.name = "arm64";
  EXPECT_EQ(AddProfile(mine), nullptr) << "the name is taken";
}

TEST(ProfilesDeathTest, IndexIsChecked) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  size_t count;
  Profiles(&count);
  EXPECT_DEATH((void)ProfileAt(count), "internal check failed");
}

}  // namespace
}  // namespace walkrace
