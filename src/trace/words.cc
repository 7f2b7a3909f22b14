#include "trace/words.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "kernel/mm_types.h"
#include "machine/inspect.h"
#include "trace/trace_view.h"

namespace walkrace {
namespace {

constexpr const char* kKindWords[] = {
    "begin",    "load",     "store",    "update",   "fence",      "lock",     "unlock",
    "irq-off",  "irq-on",   "ipi-send", "ipi-wait", "ipi-handle", "rcu-lock", "rcu-unlock",
    "rcu-call", "rcu-done", "tlb",      "note",     "issue",
};
static_assert(std::size(kKindWords) == static_cast<size_t>(EventKind::kKindCount));

constexpr const char* kPageFlagWords[] = {"locked",    "lru",   "uptodate",   "head",      "anon",
                                          "exclusive", "dirty", "swapbacked", "swapcache", "ksm"};
static_assert(std::size(kPageFlagWords) == PG_ksm + 1);

// Larger contents are poison, and read better so.
constexpr uint64_t kDecimalMax = 1'000'000'000;

bool IsAccess(EventKind kind) {
  return kind == EventKind::kLoad || kind == EventKind::kStore || kind == EventKind::kRmw;
}

// "CPU 0", "CPU 0, 2", "nobody".
std::string CpusOf(uint64_t mask) {
  std::string cpus;
  for (CpuId cpu = 0; cpu < kCpusMax; ++cpu) {
    if ((mask >> cpu & 1) == 0) continue;
    absl::StrAppend(&cpus, cpus.empty() ? "CPU " : ", ", cpu);
  }
  return cpus.empty() ? "nobody" : cpus;
}

// "locked lru", "none".
std::string FlagsOf(uint64_t value) {
  std::string flags;
  for (size_t bit = 0; bit < std::size(kPageFlagWords); ++bit) {
    if ((value >> bit & 1) == 0) continue;
    absl::StrAppend(&flags, flags.empty() ? "" : " ", kPageFlagWords[bit]);
  }
  return flags.empty() ? "none" : flags;
}

// "folio1.flags: set locked", "folio1.flags: clear lru".
std::string FlagsChange(const Event& event) {
  std::string words = absl::StrCat(NameOf(event.location), ":");
  const uint64_t set = event.after & ~event.before;
  const uint64_t cleared = event.before & ~event.after;
  if (set == 0 && cleared == 0) return words + " no change";
  if (set != 0) absl::StrAppend(&words, " set ", FlagsOf(set));
  if (cleared != 0) absl::StrAppend(&words, " clear ", FlagsOf(cleared));
  return words;
}

std::string Change(const Event& event) {
  return absl::StrCat(ValueWords(event.location, event.before), " -> ",
                      ValueWords(event.location, event.after));
}

std::string EntryChange(const Event& event) {
  const char* verb = event.after == 0 ? "clear " : event.before == 0 ? "set " : "change ";
  return absl::StrCat(verb, NameOf(event.location), ": ", Change(event));
}

// The kernel's own copying of a page: a user's load has another function.
bool IsCopy(const Event& event) {
  return ObjectAt(event.location).kind == ObjectKind::kContent && event.site != nullptr &&
         absl::StrContains(event.site->function, "copy");
}

std::string AccessWords(const Event& event) {
  // A user access that took a page fault found no page to access.
  if (event.location == kNoLocation) return "user memory: not accessed, page fault";
  const std::string name = NameOf(event.location);
  if (IsHalfOfEntry(event)) {
    return absl::StrCat("load one half of ", name, ": 0x", absl::Hex(event.before));
  }
  if (event.kind == EventKind::kLoad) {
    return absl::StrCat(IsCopy(event) ? "copy " : "load ", name, ": ",
                        ValueWords(event.location, event.before));
  }
  const Object& object = ObjectAt(event.location);
  if (object.kind == ObjectKind::kPageFlags) return FlagsChange(event);
  if (event.failed) {
    return absl::StrCat(name, " stays ", ValueWords(event.location, event.before));
  }
  if (IsEntry(object.kind)) return EntryChange(event);
  return absl::StrCat(name, " ", Change(event));
}

const char* LockHow(const Event& event) {
  switch (static_cast<LockKind>(event.detail)) {
    case LockKind::kRead:
      return " for reading";
    case LockKind::kWrite:
      return " for writing";
    case LockKind::kSpin:
      break;
  }
  return "";
}

const char* FenceWords(const Event& event) {
  switch (static_cast<FenceKind>(event.detail)) {
    case FenceKind::kRead:
      return "read barrier";
    case FenceKind::kWrite:
      return "write barrier";
    case FenceKind::kFull:
      break;
  }
  return "full barrier";
}

// "page 3", "pages 0-7", of [first, end).
std::string PagesOf(uint64_t first, uint64_t end) {
  if (end <= first + 1) return absl::StrCat("page ", first);
  return absl::StrCat("pages ", first, "-", end - 1);
}

std::string TlbWords(const Event& event) {
  switch (event.detail) {
    case kTlbFlushOwn:
      return absl::StrCat("flush own TLB, ", PagesOf(event.before, event.after));
    case kTlbFlushAll:
      return absl::StrCat("flush every TLB, ", PagesOf(event.before, event.after), ", no IPI");
    case kTlbFill:
      return absl::StrCat("TLB miss: page ", event.before, " is ",
                          event.after < kFramesMax ? NameOfFrame(static_cast<uint16_t>(event.after))
                                                   : absl::StrCat("pfn ", event.after));
    case kTlbPageFault:
      return absl::StrCat("page fault at page ", event.before);
    default:
      return "TLB";
  }
}

}  // namespace

const char* KindWord(EventKind kind) {
  return kind < EventKind::kKindCount ? kKindWords[static_cast<size_t>(kind)] : "unknown";
}

std::string EventName(const Event& event) {
  std::string name = event.site == nullptr ? "" : absl::StrCat(event.site->function, " ");
  absl::StrAppend(&name, KindWord(event.kind));
  if (IsAccess(event.kind) &&
      (event.location == kNoLocation || ObjectAt(event.location).kind == ObjectKind::kContent)) {
    return name + " user memory";
  }
  if (event.location != kNoLocation) absl::StrAppend(&name, " ", NameOf(event.location));
  return name;
}

std::string FunctionOf(const Event& event) {
  const bool of_another = event.kind == EventKind::kIpiHandle || event.kind == EventKind::kRcuDone;
  return event.site == nullptr || of_another ? "" : event.site->function;
}

std::string ValueWords(LocationId location, uint64_t value) {
  switch (ObjectAt(location).kind) {
    case ObjectKind::kPageFlags:
      return FlagsOf(value);
    case ObjectKind::kContent:
      if (value > kDecimalMax) return absl::StrCat("0x", absl::Hex(value));
      break;
    default:
      break;
  }
  return NameOfValue(location, value);
}

std::string WaitWords(EventKind kind, LocationId location) {
  if (kind == EventKind::kIpiWait) return "waits for its IPI to be acknowledged";
  if (location == kNoLocation) return "waits";
  return absl::StrCat("waits for ", NameOf(location));
}

std::string EventWords(const Event& event, const Scenario* scenario) {
  switch (event.kind) {
    case EventKind::kBegin:
      return "begins";
    case EventKind::kLoad:
    case EventKind::kStore:
    case EventKind::kRmw:
      return AccessWords(event);
    case EventKind::kIssue:
      return absl::StrCat("store ", NameOf(event.location), " = ",
                          ValueWords(event.location, event.after), ", takes effect later");
    case EventKind::kFence:
      return FenceWords(event);
    case EventKind::kLock:
      return absl::StrCat("lock ", NameOf(event.location), LockHow(event));
    case EventKind::kUnlock:
      return absl::StrCat("unlock ", NameOf(event.location));
    case EventKind::kIrqOff:
      return "interrupts off";
    case EventKind::kIrqOn:
      return "interrupts on";
    case EventKind::kIpiSend:
      return absl::StrCat("IPI to ", CpusOf(event.before));
    case EventKind::kIpiWait:
      return absl::StrCat("IPI handled by ", CpusOf(event.before));
    case EventKind::kIpiHandle:
      return absl::StrCat("handles the IPI of CPU ", event.before);
    case EventKind::kRcuLock:
      return "rcu_read_lock";
    case EventKind::kRcuUnlock:
      return "rcu_read_unlock";
    case EventKind::kRcuCall:
      return event.before == 0 ? "call_rcu, nobody to wait for"
                               : absl::StrCat("call_rcu, waits for ", CpusOf(event.before));
    case EventKind::kRcuDone:
      return "grace period over: the RCU callback runs";
    case EventKind::kTlb:
      return TlbWords(event);
    case EventKind::kNote:
      return NoteWords(event, scenario);
    case EventKind::kKindCount:
      break;
  }
  return "unknown event";
}

}  // namespace walkrace
