// Violations that the unmodified paths show on profiles whose kernels have every fix: findings
// with a name, not false positives, and not hidden. A search reports them under "known exposed",
// counts them, and goes on; --strict makes them violations like any other. A replay of a schedule
// names the row beside the verdict. Adding one: a row, and its schedule in corpus/*/exposed.
#ifndef WALKRACE_HARNESS_KNOWN_EXPOSURES_H_
#define WALKRACE_HARNESS_KNOWN_EXPOSURES_H_

#include <span>
#include <string>

#include "harness/runner.h"
#include "machine/profiles.h"
#include "paths/variants.h"

namespace walkrace {

struct KnownExposure {
  const char* name;  // a word
  bool (*on)(const Profile& profile);
  // Of the violation, as SignatureOf() gives it: the oracle and two functions; a function "*"
  // stands for any.
  const char* signature;
  // With any of these taken out the same signature is that piece's doing, and a violation.
  wr_cut not_without[4];
  // Under models that are no stronger than this one.
  MemoryKind memory = MemoryKind::kSc;
  // Of the code of kernel trees alone, of releases before this one; null: of walkrace's paths too.
  const char* tree_before = nullptr;
  // Files below corpus/ that show it; null from the first one that is not there.
  const char* schedules[2];
  const char* account;  // what happens, and what is and is not modelled
};

std::span<const KnownExposure> KnownExposures();

// Null where it is none.
const KnownExposure* FindKnownExposure(const RunContext& run, const std::string& signature);

}  // namespace walkrace

#endif  // WALKRACE_HARNESS_KNOWN_EXPOSURES_H_
