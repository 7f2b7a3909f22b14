// The memory models by name. Adding one: its own file and one row in memory_models.cc.
#ifndef WALKRACE_ENGINE_MEMORY_MODELS_H_
#define WALKRACE_ENGINE_MEMORY_MODELS_H_

#include <cstddef>
#include <cstdint>

#include "engine/memory_rules.h"

namespace walkrace {

enum class MemoryKind : uint8_t { kSc, kTso, kMca, kLkmm };

struct MemoryRow {
  const char* name;  // as --memory takes it
  MemoryKind kind;
  const MemoryRules* rules;
  const char* summary;
};

// All of them, from the strongest to the weakest.
const MemoryRow* MemoryRows(size_t* count);
const MemoryRow& MemoryRowOf(MemoryKind kind);
// Returns null for an unknown name.
const MemoryRow* FindMemory(const char* name);

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_MEMORY_MODELS_H_
