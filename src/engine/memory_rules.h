// What distinguishes one weak memory model from another: a row each, in its own file.
#ifndef WALKRACE_ENGINE_MEMORY_RULES_H_
#define WALKRACE_ENGINE_MEMORY_RULES_H_

namespace walkrace {

struct MemoryRules {
  bool loads_in_order;         // each load runs no earlier than those before it
  bool stores_in_order;        // commits in program order
  bool loads_wait_for_stores;  // a load runs behind the commits of the stores before it
  bool rmw_is_full;            // every read-modify-write is a full barrier
  bool multicopy_atomic;       // a write reaches every CPU when it commits
};

extern const MemoryRules kScRules;    // sc_rules.cc
extern const MemoryRules kTsoRules;   // tso_rules.cc
extern const MemoryRules kMcaRules;   // mca_rules.cc
extern const MemoryRules kLkmmRules;  // lkmm_rules.cc

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_MEMORY_RULES_H_
