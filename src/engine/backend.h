// What carries the CPUs: OS threads or fibers. Exactly one participant (the host or one CPU) runs
// at a time; Switch hands the right to run over. None of it may be visible to ThreadSanitizer, or
// each hand-over would order everything before and after it. The same input gives the same trace
// on each. Adding one: its own file and one row in backends.cc.
#ifndef WALKRACE_ENGINE_BACKEND_H_
#define WALKRACE_ENGINE_BACKEND_H_

#include <cstddef>

#include "engine/event.h"

namespace walkrace {

inline constexpr CpuId kHost = -1;  // the caller of Engine::Run

class Backend {
 public:
  using Entry = void (*)(void* context, CpuId cpu);

  virtual ~Backend() = default;

  // Makes `cpu_count` CPUs ready to run `entry(context, cpu)` when first switched to. `entry`
  // ends by calling Leave. What carries them is made on first use (after AFL++'s fork server) and
  // reused.
  virtual void Prepare(int cpu_count, Entry entry, void* context) = 0;

  // Runs `to`; returns when somebody switches back to `from`.
  virtual void Switch(CpuId from, CpuId to) = 0;

  // Runs `to`; `from` has ended and is not switched to again in this run.
  virtual void Leave(CpuId from, CpuId to) = 0;
};

// One OS thread a CPU, all pinned with the host to one core of the inherited mask.
Backend& OsThreads();

// One stack a CPU, all on the thread of the host: a hand-over is a jump.
Backend& Fibers();

struct BackendRow {
  const char* name;
  const char* summary;
  Backend& (*get)();
};

// All of them, the default first.
const BackendRow* BackendRows(size_t* count);

// Returns null for an unknown name.
const BackendRow* FindBackend(const char* name);

}  // namespace walkrace

#endif  // WALKRACE_ENGINE_BACKEND_H_
