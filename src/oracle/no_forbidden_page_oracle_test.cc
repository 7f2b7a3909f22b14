#include <gtest/gtest.h>

#include "oracle/test_bed.h"

namespace walkrace {
namespace {

constexpr unsigned kLongTermWrite = FOLL_PIN | FOLL_LONGTERM | FOLL_WRITE;

Layout BackedBy(Backing backing) {
  Layout layout;
  layout.backing[0] = backing;
  return layout;
}

TEST(NoForbiddenPage, SecretmemIsReported) {
  Script script(BackedBy(Backing::kSecretmem));
  script.On(0, [] { Pin(0, 1, FOLL_GET); });
  EXPECT_EQ(script.Run().cpu, 0);
  EXPECT_EQ(script.Verdict(), "no-forbidden-page: - / Take");
}

TEST(NoForbiddenPage, NamesTheMappingThatCameTooEarly) {
  Script script(BackedBy(Backing::kSecretmem));
  script.On(1, [] { ClearPte(0); }).On(1, [] { SetPte(0, 1, false); }).On(0, [] {
    Pin(0, 1, FOLL_GET);
  });
  script.Run();
  EXPECT_EQ(script.Verdict(), "no-forbidden-page: SetPte / Take");
}

TEST(NoForbiddenPage, ALongTermPinForWritingOfATrackedFileIsReported) {
  Script script(BackedBy(Backing::kDirtyTracked));
  script.On(0, [] { Pin(0, 1, kLongTermWrite); });
  script.Run();
  EXPECT_EQ(script.Verdict(), "no-forbidden-page: - / Take");
}

TEST(NoForbiddenPage, OtherPinsOfATrackedFileAreLegal) {
  for (const unsigned flags :
       {FOLL_PIN | FOLL_WRITE, FOLL_PIN | FOLL_LONGTERM, FOLL_GET | FOLL_WRITE}) {
    Script script(BackedBy(Backing::kDirtyTracked));
    script.On(0, [flags] { Pin(0, 1, flags); });
    script.Run();
    EXPECT_EQ(script.Verdict(), "clean") << flags;
  }
}

TEST(NoForbiddenPage, LongTermPinsOfOtherMemoryAreLegal) {
  for (const Backing backing : {Backing::kAnon, Backing::kFile}) {
    Script script(BackedBy(backing));
    script.On(0, [] { Pin(0, 1, kLongTermWrite); });
    script.Run();
    EXPECT_EQ(script.Verdict(), "clean");
  }
}

}  // namespace
}  // namespace walkrace
