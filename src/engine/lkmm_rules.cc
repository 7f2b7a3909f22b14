#include "engine/memory_rules.h"

namespace walkrace {

// The Linux kernel memory model: what portable code may count on; powerpc comes near to it.
const MemoryRules kLkmmRules = {false, false, false, false, false};

}  // namespace walkrace
