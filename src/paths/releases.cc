#include "paths/releases.h"

#include <algorithm>
#include <cstdio>

#include "base/check.h"

namespace walkrace {
namespace {

constexpr const char* kReleases[] = {"5.15", "6.0", "6.1", "6.6", "6.12", "6.19"};

// "6.12" comes after "6.6".
int Rank(const char* release) {
  int major = 0;
  int minor = 0;
  WR_CHECK(std::sscanf(release, "%d.%d", &major, &minor) == 2);
  return major * 1000 + minor;
}

}  // namespace

std::span<const char* const> Releases() { return kReleases; }

bool IsRelease(const std::string& name) {
  return std::find(std::begin(kReleases), std::end(kReleases), name) != std::end(kReleases);
}

std::vector<const VariantRow*> VariantsOf(const std::string& release) {
  const int rank = Rank(release.c_str());
  std::vector<const VariantRow*> lacking;
  size_t count;
  const VariantRow* rows = VariantRows(&count);
  for (const VariantRow* row = rows; row != rows + count; ++row) {
    if (row->fixed_in == nullptr || row->needs != nullptr) continue;
    if (row->introduced_in != nullptr && Rank(row->introduced_in) > rank) continue;
    if (Rank(row->fixed_in) > rank) lacking.push_back(row);
  }
  return lacking;
}

}  // namespace walkrace
