// Hand-over by a jump from stack to stack (Boost.Context's fcontext: it saves the registers that a
// function call must keep, and nothing else). This file is never instrumented. A fiber whose body
// has ended waits in Leave for the next run's first switch to it.
#include <sys/mman.h>
#include <unistd.h>

#include <boost/context/detail/fcontext.hpp>
#include <cstdio>

#include "engine/backend.h"
#include "engine/fiber_hooks.h"

namespace walkrace {
namespace {

using boost::context::detail::fcontext_t;
using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

constexpr int kHostSlot = kCpusMax;
constexpr int kOutOfMemory = 71;  // kExitOutOfMemory of src/harness
// Signals are handled on the stack that runs, and a fuzzer's handlers symbolize. Pages that nobody
// touches cost nothing.
constexpr size_t kStackBytes = 1 << 20;

int SlotOf(CpuId id) { return id == kHost ? kHostSlot : id; }

class FiberBackend final : public Backend {
 public:
  void Prepare(int cpu_count, Entry entry, void* context) override {
    entry_ = entry;
    context_ = context;
    MakeHostHook(slots_[kHostSlot].hook);
    while (fiber_count_ < cpu_count) MakeFiber(fiber_count_++);
  }

  void Switch(CpuId from, CpuId to) override { Jump(SlotOf(from), SlotOf(to)); }
  void Leave(CpuId from, CpuId to) override { Jump(SlotOf(from), SlotOf(to)); }

 private:
  struct Slot {
    fcontext_t context;  // while it does not run
    FiberHook hook;
  };

  void Jump(int from, int to) {
    leaving_ = from;
    arriving_ = to;
    BeforeFiberJump(slots_[from].hook, slots_[to].hook);
    Arrived(jump_fcontext(slots_[to].context, this), from);
  }

  // On the stack of `here`, which somebody has just jumped to.
  void Arrived(transfer_t transfer, int here) {
    Slot& left = slots_[leaving_];
    left.context = transfer.fctx;
    AfterFiberJump(left.hook, slots_[here].hook);
  }

  // Refused by the system, and no defect of ours.
  [[noreturn]] static void EndWithoutStack() {
    (void)std::fprintf(stderr, "walkrace: no memory for the stack of a CPU (exit 71)\n");
    _exit(kOutOfMemory);
  }

  // The page below the stack stays without access: what overflows it ends with SIGSEGV there.
  void MakeFiber(CpuId cpu) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    void* memory = mmap(nullptr, kStackBytes + page, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    char* bottom = static_cast<char*>(memory) + page;
    if (memory == MAP_FAILED || mprotect(bottom, kStackBytes, PROT_READ | PROT_WRITE) != 0) {
      EndWithoutStack();
    }
    Slot& slot = slots_[cpu];
    slot.hook.bottom = bottom;
    slot.hook.bytes = kStackBytes;
    MakeFiberHook(slot.hook);
    slot.context = make_fcontext(bottom + kStackBytes, kStackBytes, &FiberMain);
  }

  static void FiberMain(transfer_t transfer) {
    auto* backend = static_cast<FiberBackend*>(transfer.data);
    const CpuId cpu = backend->arriving_;
    backend->Arrived(transfer, cpu);
    for (;;) backend->entry_(backend->context_, cpu);
  }

  Slot slots_[kCpusMax + 1] = {};
  int leaving_ = kHostSlot;
  int arriving_ = kHostSlot;
  Entry entry_ = nullptr;
  void* context_ = nullptr;
  int fiber_count_ = 0;
};

}  // namespace

Backend& Fibers() {
  // Never destroyed, like the threads of the other back end.
  static FiberBackend& backend = *new FiberBackend;
  return backend;
}

}  // namespace walkrace
