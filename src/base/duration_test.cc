#include "base/duration.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace walkrace {
namespace {

using std::string_view_literals::operator""sv;

TEST(ParseDuration, ReadsSecondsMinutesAndHours) {
  EXPECT_EQ(ParseDuration("0"), 0);
  EXPECT_EQ(ParseDuration("90"), 90);
  EXPECT_EQ(ParseDuration("90s"), 90);
  EXPECT_EQ(ParseDuration("15m"), 15 * 60);
  EXPECT_EQ(ParseDuration("8h"), 8 * 3600);
}

TEST(ParseDuration, ReadsFractions) {
  EXPECT_EQ(ParseDuration("0.5"), 0.5);
  EXPECT_EQ(ParseDuration("0.5m"), 30);
  EXPECT_EQ(ParseDuration("1.25h"), 4500);
}

TEST(ParseDuration, RefusesWhatIsNoDuration) {
  for (std::string_view text :
       {""sv,      "s"sv,   "m"sv,    "h"sv,   "."sv,       ".s"sv,    "1..2"sv, "1.2.3"sv,
        "abc"sv,   "1d"sv,  "1ms"sv,  "1ss"sv, "s1"sv,      "1m30s"sv, "1 s"sv,  " 1"sv,
        "1 "sv,    "1\n"sv, "1,5"sv,  "90S"sv, "8H"sv,      "0x10"sv,  "1e3"sv,  "1e3s"sv,
        "1_000"sv, "1\0"sv, "1\0s"sv, "\0"sv,  "\xc2\xb9"sv}) {
    EXPECT_LT(ParseDuration(text), 0) << "'" << text << "'";
  }
}

TEST(ParseDuration, RefusesSignsAndWhatIsNoNumber) {
  for (std::string_view text : {"-1"sv, "-1s"sv, "-0"sv, "+1"sv, "+90s"sv, "inf"sv, "infs"sv,
                                "infinity"sv, "nan"sv, "-inf"sv, "NaN"sv}) {
    EXPECT_LT(ParseDuration(text), 0) << text;
  }
}

TEST(ParseDuration, RefusesMoreThanTenYears) {
  EXPECT_EQ(ParseDuration("87840h"), 87840 * 3600.0);  // ten years of 366 days
  EXPECT_LT(ParseDuration("87841h"), 0);
  EXPECT_LT(ParseDuration("316224001"), 0);
  EXPECT_LT(ParseDuration("18446744073709551616"), 0);
  EXPECT_LT(ParseDuration(std::string(1000, '9')), 0);  // no double holds it
  EXPECT_LT(ParseDuration(std::string(100000, '9') + "h"), 0);
}

}  // namespace
}  // namespace walkrace
