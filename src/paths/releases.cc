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

bool Has(const VariantRow& row, int rank) {
  return row.fixed_in != nullptr && Rank(row.fixed_in) > rank &&
         (row.introduced_in == nullptr || Rank(row.introduced_in) <= rank);
}

bool IsBlind(const VariantRow& row, bool weak_memory) {
  return row.needs != nullptr && !(weak_memory && NeedsWeakMemory(row));
}

}  // namespace

std::span<const char* const> Releases() { return kReleases; }

bool IsReleaseBefore(const char* release, const char* other) { return Rank(release) < Rank(other); }

bool IsRelease(const std::string& name) {
  return std::find(std::begin(kReleases), std::end(kReleases), name) != std::end(kReleases);
}

std::vector<const VariantRow*> VariantsOf(const std::string& release, bool weak_memory) {
  const int rank = Rank(release.c_str());
  std::vector<const VariantRow*> lacking;
  size_t count;
  const VariantRow* rows = VariantRows(&count);
  for (const VariantRow* row = rows; row != rows + count; ++row) {
    if (!IsBlind(*row, weak_memory) && Has(*row, rank)) lacking.push_back(row);
  }
  return lacking;
}

std::vector<std::string> LeftOutOf(const std::string& release, bool weak_memory) {
  const int rank = Rank(release.c_str());
  std::vector<std::string> left_out;
  size_t count;
  const VariantRow* rows = VariantRows(&count);
  for (const VariantRow* row = rows; row != rows + count; ++row) {
    if (IsBlind(*row, weak_memory) && Has(*row, rank)) {
      const char* remedy = NeedsWeakMemory(*row) ? "; add --memory lkmm" : "";
      left_out.push_back(std::string(row->name) + " (needs: " + row->needs + remedy + ")");
    }
    if (row->fixed_later_in != nullptr && !Has(*row, rank) && Rank(row->fixed_later_in) > rank) {
      left_out.push_back(std::string(row->name) + " (" + row->fixed_later_on + "'s until " +
                         row->fixed_later_in + ")");
    }
  }
  return left_out;
}

}  // namespace walkrace
