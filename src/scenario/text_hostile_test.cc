// Files that nobody wrote in good faith: both parsers answer, in bounded time and memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "scenario/random_inputs.h"
#include "scenario/text_codec.h"

namespace walkrace {
namespace {

constexpr size_t kTenMegabytes = 10'000'000;
constexpr int kDamagedFiles = 100'000;

// "line 3, column 12: found 'x'; expected y", without the time that a regular expression takes.
bool HasPlaceAndReason(std::string_view message) {
  const auto take_number = [&message] {
    const size_t length = std::min(message.find_first_not_of("0123456789"), message.size());
    const bool positive = length > 0 && message[0] != '0';
    message.remove_prefix(length);
    return positive;
  };
  const auto take = [&message](std::string_view part) {
    const bool found = message.starts_with(part);
    message.remove_prefix(found ? part.size() : 0);
    return found;
  };
  return take("line ") && take_number() && take(", column ") && take_number() && take(": ") &&
         message.find("; expected ") != std::string_view::npos && message.size() < 1000;
}

// An answer is a file that comes back from its text form, or an error with its place.
void ExpectAnswer(std::string_view content) {
  for (const absl::StatusOr<WalkFile>& file : {ParseText(content), ParseAny(content)}) {
    if (file.ok()) {
      ASSERT_TRUE(IsNormalized(file->input));
      ASSERT_EQ(file->preemption_names.size(), file->input.schedule.size());
      const absl::StatusOr<WalkFile> back = ParseText(PrintText(*file));
      ASSERT_TRUE(back.ok()) << back.status();
      ASSERT_EQ(*back, *file);
    } else {
      const std::string message(file.status().message());
      ASSERT_TRUE(HasPlaceAndReason(message)) << message;
    }
  }
}

TEST(HostileText, OneByteManyTimes) {
  for (const char byte : {'\0', '\n', '\r', ' ', '#', '-', ',', '0', 'a', '\xff'}) {
    const std::string fill(kTenMegabytes, byte);
    ExpectAnswer(fill);
    ExpectAnswer("walkrace 1\n" + fill);
    ExpectAnswer("walkrace " + fill);
    ExpectAnswer("#" + fill + "\nwalkrace 1\ncpus 1\n");
  }
}

TEST(HostileText, OneLongLineOfEachKind) {
  for (const std::string begin :
       {"target ", "variant ", "profile ", "levels ", "map ", "map-huge ", "cpus ", "cpu ",
        "cpu 0\npin ", "cpu 0\nfault ", "cpu 0\ncollapse ", "preempt cpu ",
        "cpus 2\npreempt cpu 0 before event ", "cpus 2\npreempt cpu 0 at start to cpu 1 at "}) {
    ExpectAnswer("walkrace 1\n" + begin + std::string(kTenMegabytes, '1'));
  }
}

TEST(HostileText, ManyShortLines) {
  for (const std::string_view line : {"#\n", "\n", "a,", "cpu 0\n", "unpin\n", "map 1 rw\n", "\r\n",
                                      "#\r\n", "preempt cpu 0 before event 1 to cpu 1\n"}) {
    std::string text = "walkrace 1\ncpus 2\n";
    while (text.size() < kTenMegabytes) text += line;
    ExpectAnswer(text);
    text.replace(0, 18, "walkrace 1\nvariant");
    ExpectAnswer(text);
  }
}

TEST(HostileText, AnyBytesInComments) {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) {
    if (byte != '\n') every_byte += static_cast<char>(byte);
  }
  ExpectAnswer("#" + every_byte + "\nwalkrace 1\n#" + every_byte + "\r\r\ncpus 1 #" + every_byte);
}

TEST(HostileText, TenMegabytesOfRandomBytes) {
  Random random(1);
  std::string bytes(kTenMegabytes, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.Next());
  ExpectAnswer(bytes);
  ExpectAnswer("walkrace 1\n" + bytes);
}

// Cuts, changes and doubles parts of good files. A defect that shows in one damaged file of 10,000
// is missed with probability (1 - 1e-4)^1e5 = 5e-5.
TEST(HostileText, DamagedFiles) {
  constexpr std::string_view kAlphabet("\0\t\n\r #,-0189acpu\xff", 17);
  Random random(2);
  std::string good;
  for (int i = 0; i < kDamagedFiles; ++i) {
    if (i % 16 == 0) good = PrintText(RandomFile(random)).substr(0, 1000);
    std::string text = good;
    for (int changes = 1 + random.Below(3); changes > 0; --changes) {
      const size_t at = random.Below(text.size() + 1);
      const size_t length = random.Below(8);
      switch (random.Below(4)) {
        case 0:
          text.erase(at, length);
          break;
        case 1:
          text.insert(at, text.substr(random.Below(text.size() + 1), 2 * length));
          break;
        case 2:
          text.insert(at, 1, kAlphabet[random.Below(kAlphabet.size())]);
          break;
        default:
          if (at < text.size()) text[at] = kAlphabet[random.Below(kAlphabet.size())];
          break;
      }
    }
    ASSERT_NO_FATAL_FAILURE(ExpectAnswer(text)) << text;
  }
}

}  // namespace
}  // namespace walkrace
