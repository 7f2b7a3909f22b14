// Variants: the paths with one named piece of a real fix taken out. Chosen at run time, so that
// one binary can run all of them, alone or combined. Adding one: the place in the path that asks
// for its cut, and one row in variants.cc.
#ifndef WALKRACE_PATHS_VARIANTS_H_
#define WALKRACE_PATHS_VARIANTS_H_

#include <stddef.h>

#include <vector>

#include "machine/profiles.h"
#include "paths/cuts.h"

namespace walkrace {

// What a run takes out, each once, by the number of its name.
using Cuts = std::vector<wr_cut>;

struct VariantRow {
  const char* name;
  const char* id = nullptr;        // of the real race ("A1"), or null
  const char* upstream = nullptr;  // commit id of the fix, or null
  // The first release with the fix ("6.1"), or null: no release of Linux had this race.
  const char* fixed_in = nullptr;
  // An architecture that got its own fix in a later release, and which; or null.
  const char* fixed_later_on = nullptr;
  const char* fixed_later_in = nullptr;
  // The first release with the race; null: it is older than the oldest of releases.h.
  const char* introduced_in = nullptr;
  const char* summary;  // what is taken out
  wr_cut cuts[6] = {};
  // The first to fire; null: nothing fires on any profile.
  const char* oracle = nullptr;
  // Another that may be the first where the profile's deposit writes into the table; or null.
  const char* oracle_of_deposit = nullptr;
  // Another that may be the first anywhere; or null.
  const char* or_oracle = nullptr;
  // The profiles where it bites, by their knobs: variant_conditions.h.
  bool (*bites_on)(const Profile& profile);
  // It bites too rarely for a hunt: the schedule is corpus/*/regression/NAME.walk, and what is not
  // found is no failure.
  bool rare = false;
  // What it is blind or cannot be built without: a flavour ("tsan"), a model ("weak-memory"), or
  // null.
  const char* needs = nullptr;
  // The operations of its control, in .walk form without the version line. Its search keeps to
  // them; the schedule is the search's.
  const char* control;
  // How many ordering constraints the search of the control by PCT is to look for.
  int pct_depth = 3;
};

const VariantRow* VariantRows(size_t* count);
// Returns null for an unknown name.
const VariantRow* FindVariant(const char* name);
// Whether this oracle is one that may be the first to fire on this profile.
bool MayFireFirst(const VariantRow& row, const Profile& profile, const char* oracle);

// Whether its oracle fires on this profile.
bool BitesOn(const VariantRow& row, const Profile& profile);

// Whether it shows under weak memory alone: what the row says is said of lkmm, else of sc.
bool NeedsWeakMemory(const VariantRow& row);

// Takes out what this variant does as well.
void AddCuts(const VariantRow& row, Cuts* cuts);
// What is cut from now on. REQUIRES: no run is under way.
void SetCuts(const Cuts& cuts);

}  // namespace walkrace

#endif  // WALKRACE_PATHS_VARIANTS_H_
