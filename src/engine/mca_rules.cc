#include "engine/memory_rules.h"

namespace walkrace {

// Weak and multicopy-atomic: arm64 and riscv. The Linux kernel memory model, but that a write
// reaches all CPUs at once.
const MemoryRules kMcaRules = {false, false, false, false, true};

}  // namespace walkrace
