#include "harness/known_exposures.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "paths/variant_conditions.h"

namespace walkrace {
namespace {

constexpr KnownExposure kRows[] = {
    {.name = "a14-mips-mmid",
     .on = WhereCollapseWaitsForNobody,
     .signature = "no-table-use-after-free: */*",
     .account = "A14: flushes interrupt nobody and tables are freed at once, so that both "
                "preconditions of the fast walk fail. Read off the sources of Linux 6.0 to 6.19 "
                "(MIPS with MMIDs), not seen on hardware. Modelled: ginvt as a broadcast that "
                "nobody notices, pte_free at once. Not modelled: what the freed page is used for"},
};

// "oracle: first / second" against a pattern of the same shape.
bool Matches(const std::string& signature, const char* pattern) {
  const std::vector<std::string> said = absl::StrSplit(signature, absl::ByAnyChar(":/"));
  const std::vector<std::string> wanted = absl::StrSplit(pattern, absl::ByAnyChar(":/"));
  if (said.size() != wanted.size()) return false;
  for (size_t i = 0; i < said.size(); ++i) {
    const auto word = absl::StripAsciiWhitespace(wanted[i]);
    if (word != "*" && word != absl::StripAsciiWhitespace(said[i])) return false;
  }
  return true;
}

}  // namespace

std::span<const KnownExposure> KnownExposures() { return kRows; }

const KnownExposure* FindKnownExposure(const Profile& profile, const std::string& signature) {
  for (const KnownExposure& row : kRows) {
    if (row.on(profile) && Matches(signature, row.signature)) return &row;
  }
  return nullptr;
}

}  // namespace walkrace
