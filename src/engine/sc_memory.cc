#include "engine/sc_memory.h"

namespace walkrace {

MemoryModel& ScMemory() {
  static ScMemoryModel model;
  return model;
}

}  // namespace walkrace
