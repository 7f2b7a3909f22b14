#include "scenario/random_inputs.h"

#include <string>
#include <string_view>

#include "scenario/byte_codec.h"
#include "scenario/mutate.h"

namespace walkrace {
namespace {

using std::string_view_literals::operator""sv;

// 1 to 12 characters of `alphabet`.
std::string RandomWord(Random& random, std::string_view alphabet) {
  std::string word;
  const int length = 1 + random.Below(12);
  for (int i = 0; i < length; ++i) word += alphabet[random.Below(alphabet.size())];
  return word;
}

std::string RandomName(Random& random) {
  return random.OneIn(3) ? "" : RandomWord(random, "abcdefghijklmnopqrstuvwxyz0123456789_-");
}

// Any bytes but '#' and control characters, no blank at either end.
std::string RandomEventName(Random& random) {
  if (random.OneIn(2)) return "";
  return "[" + RandomWord(random, "at cpu[].7-\xc3\xa4\xff to  x") + "]";
}

// Any bytes but line breaks; blanks at the ends count.
std::string RandomComment(Random& random) {
  return random.OneIn(4) ? "" : RandomWord(random, "a # \t\0\xff walkrace 1"sv);
}

}  // namespace

std::vector<uint8_t> RandomBytes(Random& random) {
  const uint32_t size_max = random.OneIn(1000) ? 32000 : random.OneIn(4) ? 200 : 48;
  std::vector<uint8_t> bytes(random.Below(size_max + 1));
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.Next());
  return bytes;
}

const Input& RandomInput(Random& random) {
  static Input input;
  if (random.OneIn(2)) {
    const std::vector<uint8_t> bytes = RandomBytes(random);
    DecodeBytes(bytes.data(), bytes.size(), input);
    return input;
  }
  DrawScenario(Mix::kAll, random.Next(), input.scenario);
  input.schedule.clear();
  const int mutations = random.Below(12);
  for (int i = 0; i < mutations; ++i) {
    Mutate(input, Mix::kAll, random.Next(), nullptr, random.OneIn(2));
  }
  return input;
}

const WalkFile& RandomFile(Random& random) {
  static WalkFile file;
  file.input = RandomInput(random);
  file.target = RandomName(random);
  file.expect = RandomName(random);
  file.memory = RandomName(random);
  file.variants.clear();
  for (int i = random.Below(3); i > 0; --i) {
    file.variants.push_back(RandomName(random));
    if (file.variants.back().empty()) file.variants.pop_back();
  }
  file.comments.clear();
  for (int i = random.Below(3); i > 0; --i) file.comments.push_back(RandomComment(random));
  file.preemption_names.resize(file.input.schedule.size());
  for (std::string& name : file.preemption_names) name = RandomEventName(random);
  file.trace.resize(kLettersAnEvent * random.Below(300));
  for (char& letter : file.trace) letter = kTraceLetters[random.Below(kTraceLetters.size())];
  return file;
}

bool IsNormalized(const Input& input) {
  static Input copy;
  copy = input;
  Normalize(copy);
  return copy == input;
}

void PrintTo(const Input& input, std::ostream* out) {
  WalkFile file;
  file.input = input;
  file.preemption_names.resize(input.schedule.size());
  PrintTo(file, out);
}

void PrintTo(const WalkFile& file, std::ostream* out) { *out << "\n" << PrintText(file); }

}  // namespace walkrace
