// Fuzz target: the byte and text parsers against hostile input. Bytes decode, and what they
// decode to survives both forms; text is refused with an error or survives being printed.
#include <string_view>
#include <vector>

#include "base/check.h"
#include "progress_file.h"
#include "scenario/byte_codec.h"
#include "scenario/text_codec.h"

namespace walkrace {
namespace {

void CheckBytes(const uint8_t* data, size_t size) {
  static WalkFile& file = *new WalkFile();
  static Input& again = *new Input();
  static std::vector<uint8_t>& bytes = *new std::vector<uint8_t>(kEncodedBytesMax);

  DecodeBytes(data, size, file.input);
  const size_t encoded = EncodeBytes(file.input, bytes.data(), bytes.size());
  WR_CHECK(encoded > 0);
  DecodeBytes(bytes.data(), encoded, again);
  WR_CHECK(file.input == again);

  file.preemption_names.resize(file.input.schedule.size());
  const auto parsed = ParseText(PrintText(file));
  WR_CHECK(parsed.ok());
  WR_CHECK(parsed->input == file.input);
}

void CheckText(std::string_view text) {
  const auto file = ParseText(text);
  if (!file.ok()) {
    WR_CHECK(!file.status().message().empty());
    return;
  }
  const auto again = ParseText(PrintText(*file));
  WR_CHECK(again.ok());
  WR_CHECK(*again == *file);
}

}  // namespace
}  // namespace walkrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  walkrace::CheckBytes(data, size);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  walkrace::CheckText(text);
  WR_CHECK(walkrace::ParseAny(text).ok() || !walkrace::ParseText(text).ok());
  walkrace::CountSchedule();
  return 0;
}
