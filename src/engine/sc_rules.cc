#include "engine/memory_rules.h"

namespace walkrace {

// Sequential consistency: each CPU's accesses in program order. For explorations that want it
// beside the others; runs under `sc` work on memory at once (sc_memory.h).
const MemoryRules kScRules = {true, true, true, true, true};

}  // namespace walkrace
