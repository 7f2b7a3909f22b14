#include "base/duration.h"

#include "absl/strings/numbers.h"

namespace walkrace {

double ParseDuration(std::string_view text) {
  constexpr double kTenYears = 10 * 366 * 24 * 3600.0;
  double unit = 1;
  if (!text.empty()) {
    switch (text.back()) {
      case 's':
        unit = 1;
        break;
      case 'm':
        unit = 60;
        break;
      case 'h':
        unit = 3600;
        break;
      default:
        unit = 0;
        break;
    }
    if (unit == 0) {
      unit = 1;
    } else {
      text.remove_suffix(1);
    }
  }
  // Only what people write: no signs, exponents, "inf" or "nan".
  if (text.empty() || text.find_first_not_of("0123456789.") != std::string_view::npos) return -1;
  double value;
  if (!absl::SimpleAtod(absl::string_view(text.data(), text.size()), &value)) return -1;
  value *= unit;
  return value <= kTenYears ? value : -1;
}

}  // namespace walkrace
