#include "engine/memory_rules.h"

namespace walkrace {

// Total store order, x86 and s390: loads may pass the stores before them, and nothing else does.
// Sewell, Sarkar, Owens, Zappa Nardelli, Myreen, "x86-TSO", CACM 2010.
const MemoryRules kTsoRules = {true, true, false, true, true};

}  // namespace walkrace
