// What the code of a kernel tree calls (kernel/port/calls.h): accesses of shared memory, locks,
// interrupts, entries, TLBs, pages.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "engine/steps.h"
#include "kernel/locking.h"
#include "kernel/mm.h"
#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "kernel/race_detector.h"
#include "kernel/runtime.h"
#include "kernel/tlb.h"
#include "machine/arena.h"
#include "machine/machine.h"
#include "machine/tlb_state.h"
#include "machine/tree.h"
#include "machine/tree_notes.h"
#include "machine/tree_view.h"

extern "C" {
#include "kernel/port/calls.h"
}

namespace walkrace {
namespace {

static_assert(static_cast<int>(WR_PORT_FULL) == WR_FULL &&
              static_cast<int>(WR_PORT_ADD_UNLESS) == WR_ADD_UNLESS);

const wr_tree* active = nullptr;
unsigned active_parts = kTreeAll;
std::vector<unsigned char> initial_memory;
std::vector<uint32_t> sites;  // by offset in the tree's text; 0: no call ends there
const void* given_caller = nullptr;

// A plain store of the running CPU that was announced, and that its code makes next.
struct PendingStore {
  volatile void* address = nullptr;
  unsigned size = 0;
  const TreeField* field = nullptr;
  uint64_t before = 0;
};
PendingStore pending[kCpusMax];

// What a walker read of a pte at first, and for a control what stands there while it finds that
// again.
struct FirstRead {
  const void* entry = nullptr;
  uint64_t value = 0;
  uint64_t* shown_at = nullptr;
  uint64_t hidden = 0;
};
FirstRead first_read[kCpusMax];
bool control = false;

bool IsControlled(const volatile void* entry) {
  return control && entry == first_read[wr_cpu()].entry && !wr_irqs_on();
}

void EndControl() {
  FirstRead& read = first_read[wr_cpu()];
  if (read.shown_at == nullptr) return;
  *read.shown_at = read.hidden;
  read.shown_at = nullptr;
}

bool IsInArena(const volatile void* address) {
  return reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(&arena) < sizeof(arena);
}

wr_class ClassOf(const volatile void* address) {
  return reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(arena.tables) <
                 sizeof(arena.tables)
             ? WR_ENTRY
             : WR_DATA;
}

// The table that an entry stands in.
ptrdiff_t TableOfEntry(const volatile void* entry) {
  return (static_cast<const volatile char*>(entry) - reinterpret_cast<const char*>(arena.tables)) /
         static_cast<ptrdiff_t>(sizeof(wr_table));
}

mm_struct* MmOfPmd(const void* pmdp) { return &arena.mm[TableOfEntry(pmdp) / kUpperTables]; }

bool IsPmdEntry(const volatile void* address) {
  const ptrdiff_t table = TableOfEntry(address);
  return table < kFirstHugetlbTable ? table % kUpperTables == kPmdTable : table < kFirstPteTable;
}

// Where the running event comes from: what the port's own function said, or the return address.
const void* TakeCaller(const void* return_address) {
  const void* from = given_caller != nullptr ? given_caller : return_address;
  given_caller = nullptr;
  return from;
}

// What is shared at an address: its accesses are events.
const TreeField* SharedField(const volatile void* address) {
  const TreeField* field = IsInTree(address) ? FindTreeField(address) : nullptr;
  return field != nullptr && field->target != nullptr ? field : nullptr;
}

void CheckIsField(const TreeField* field, const void* address, const char* what) {
  if (field != nullptr) return;
  (void)std::fprintf(stderr, "walkrace: tree %s: %s at offset %zu of its memory is not modelled\n",
                     active->name, what,
                     static_cast<size_t>(static_cast<const char*>(address) -
                                         static_cast<const char*>(active->memory)));
  wr_port_unmodelled(what);
}

uint64_t* LockAt(const void* lock) {
  const TreeField* field = SharedField(lock);
  CheckIsField(field, lock, "a lock");
  return field->target;
}

uint64_t LoadEntry(const volatile void* address, unsigned size, wr_order order,
                   const wr_site* site) {
  const void* entry = const_cast<const void*>(address);
  const wr_class kind = ClassOf(address);
  // READ_ONCE of an entry of two words is two loads.
  if (kind == WR_ENTRY && order == WR_RELAXED && size == 8) {
    const bool pte = entry >= arena.tables + kFirstPteTable;
    if (pte || IsPmdEntry(entry)) {
      const uint64_t value = wr_entry_get_lockless(entry, !pte, true, site);
      return IsControlled(entry) ? first_read[wr_cpu()].value : value;
    }
  }
  return wr_load(address, size, order, kind, site);
}

uint64_t Load(const volatile void* address, unsigned size, wr_order order, const wr_site* site) {
  if (IsInArena(address)) return LoadEntry(address, size, order, site);
  const TreeField* field = SharedField(address);
  if (field == nullptr) return ReadTree(address, size);
  const uint64_t value = TreeValue(*field, wr_load(field->target, 8, order, WR_DATA, site));
  const auto offset =
      static_cast<const volatile char*>(address) - static_cast<char*>(field->address);
  return value >> (8 * offset);
}

void Store(volatile void* address, unsigned size, uint64_t value, wr_order order,
           const wr_site* site) {
  if (IsInArena(address)) {
    wr_store(address, size, value, order, ClassOf(address), site);
    return;
  }
  const TreeField* field = SharedField(address);
  if (field == nullptr) {
    WriteTree(address, size, value);
    return;
  }
  WR_CHECK(address == field->address && size == field->bytes);
  const uint64_t machine_value = MachineValue(*field, value);
  SetEntireMapcount(*field, value);
  WriteTree(address, size, value);
  wr_store(field->target, 8, machine_value, order, WR_DATA, site);
  Mirror(*field);
}

uint64_t SignExtended(uint64_t value, unsigned size) {
  return size == 4 ? static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(value)))
                   : value;
}

uint64_t RmwRaw(volatile void* address, unsigned size, enum wr_rmw kind, uint64_t operand,
                uint64_t expected) {
  const uint64_t before = ReadTree(address, size);
  uint64_t after = before;
  const uint64_t mask = size == 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * size)) - 1;
  switch (kind) {
    case WR_XCHG:
      after = operand;
      break;
    case WR_ADD:
      after = before + operand;
      break;
    case WR_SUB:
      after = before - operand;
      break;
    case WR_AND:
      after = before & operand;
      break;
    case WR_OR:
      after = before | operand;
      break;
    case WR_CMPXCHG:
      if (before == (expected & mask)) after = operand;
      break;
    case WR_ADD_UNLESS:
      if (before != (expected & mask)) after = before + operand;
      break;
  }
  WriteTree(address, size, after);
  return before;
}

uint64_t RmwFlags(const TreeField& field, enum wr_rmw kind, uint64_t operand, uint64_t expected,
                  wr_order order, const wr_site* site) {
  uint64_t of_tree = ReadTree(field.address, 8);
  uint64_t before = 0;
  switch (kind) {
    case WR_OR:
      before = wr_rmw(field.target, 8, WR_OR, MachineFlags(field, operand), 0, order, WR_DATA,
                      nullptr, site);
      before = TreeValue(field, before);
      of_tree |= UnknownFlags(field, operand);
      break;
    case WR_AND:
      before = wr_rmw(field.target, 8, WR_AND, ~MachineFlags(field, ~operand), 0, order, WR_DATA,
                      nullptr, site);
      before = TreeValue(field, before);
      of_tree &= ~UnknownFlags(field, ~operand);
      break;
    case WR_CMPXCHG: {
      // What the machine does not know must be as expected as well; nobody else runs in between.
      const bool same = UnknownFlags(field, of_tree) == UnknownFlags(field, expected);
      before = wr_rmw(field.target, 8, WR_CMPXCHG, MachineValue(field, operand),
                      same ? MachineValue(field, expected) : ~*field.target, order, WR_DATA,
                      nullptr, site);
      before = TreeValue(field, before);
      if (before == expected) of_tree = operand;
      break;
    }
    default:
      wr_port_unmodelled("a read-modify-write of page->flags");
  }
  WriteTree(field.address, 8, of_tree);
  Mirror(field);
  return before;
}

uint64_t RmwField(const TreeField& field, enum wr_rmw kind, uint64_t operand, uint64_t expected,
                  wr_order order, const wr_site* site) {
  const uint64_t change = SignExtended(operand, field.bytes);
  switch (field.kind) {
    case WR_TREE_FLAGS:
      return RmwFlags(field, kind, operand, expected, order, site);
    case WR_TREE_LARGE_MAPCOUNT:
      // The sum changes by its parts.
      return TreeValue(field, wr_load(field.target, 8, WR_RELAXED, WR_DATA, site));
    case WR_TREE_ENTIRE_MAPCOUNT: {
      const uint64_t before = TreeValue(field, 0);
      if (kind != WR_ADD && kind != WR_SUB) wr_port_unmodelled("an entire mapcount's update");
      (void)wr_rmw(field.target, 8, kind, change, 0, order, WR_DATA, nullptr, site);
      arena.entire_mapcount[field.of] += kind == WR_ADD ? change : -change;
      return before;
    }
    default:
      break;
  }
  const bool compares = kind == WR_CMPXCHG || kind == WR_ADD_UNLESS;
  const bool replaces = kind == WR_CMPXCHG || kind == WR_XCHG;
  const uint64_t before =
      wr_rmw(field.target, 8, kind, replaces ? MachineValue(field, operand) : change,
             compares ? MachineValue(field, expected) : 0, order, WR_DATA, nullptr, site);
  return TreeValue(field, before);
}

uint64_t Rmw(volatile void* address, unsigned size, enum wr_rmw kind, uint64_t operand,
             uint64_t expected, wr_order order, const wr_site* site) {
  if (IsInArena(address)) {
    return wr_rmw(address, size, kind, operand, expected, order, ClassOf(address), nullptr, site);
  }
  const TreeField* field = SharedField(address);
  if (field == nullptr) return RmwRaw(address, size, kind, operand, expected);
  WR_CHECK(address == field->address);
  return RmwField(*field, kind, operand, expected, order, site);
}

int TreeFileOf(const address_space* file) {
  for (int i = 0; i < WR_TREE_FILES; ++i) {
    if (TreeFile(i) == file) return i;
  }
  return -1;
}

const mm_struct* MmOf(uint64_t address) { return &arena.mm[address >> kMmShift & 1]; }

// A variable that the port does not have stands in the text, where a function would end the run.
void CheckIsData(const void* address, const void* pc) {
  const uintptr_t offset =
      reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(active->text);
  if (offset >= static_cast<uintptr_t>(active->text_end - active->text)) return;
  const wr_site* site = TreeSiteOf(pc);
  char what[256];
  (void)std::snprintf(what, sizeof(what), "a variable that %s() reads at %s:%d", site->function,
                      site->file, site->line);
  wr_port_unmodelled(what);
}

// What a compiler's callback tells before a load that the code makes by itself. ThreadSanitizer is
// told by another (tree_races.cc).
void BeforePlainLoad(const void* address, unsigned size, const void* pc) {
  if (IsInArena(address)) {
    FinishTreeStore();
    (void)wr_load(address, size, WR_PLAIN, WR_USER, TreeSiteOf(pc));
    if (IsControlled(address)) {
      FirstRead& read = first_read[wr_cpu()];
      read.shown_at = static_cast<uint64_t*>(const_cast<void*>(address));
      read.hidden = *read.shown_at;
      *read.shown_at = read.value;
    }
    return;
  }
  if (!IsInTree(address)) return CheckIsData(address, pc);
  FinishTreeStore();
  const TreeField* field = SharedField(address);
  if (field == nullptr) return;
  const wr_site* site = TreeSiteOf(pc);
  const uint64_t value = wr_load(field->target, 8, WR_PLAIN, WR_USER, site);
  WriteTree(field->address, field->bytes, TreeValue(*field, value));
  NoteTreeLoad(*field, value, site);
}

void BeforePlainStore(void* address, unsigned size, const void* pc) {
  const bool in_arena = IsInArena(address);
  if (!in_arena && !IsInTree(address)) return;
  FinishTreeStore();
  const TreeField* field = in_arena ? nullptr : SharedField(address);
  if (!in_arena && field == nullptr) return;
  PendingStore& store = pending[wr_cpu()];
  void* const target = in_arena ? address : field->target;
  BeginStore(target, in_arena ? size : 8, TreeSiteOf(pc));
  store = {address, size, field, ReadTree(target, in_arena ? size : 8)};
  // What the store leaves of the field as it was.
  if (field != nullptr) WriteTree(field->address, field->bytes, TreeValue(*field, *field->target));
}

}  // namespace

void UseTree(const wr_tree* tree, unsigned parts) {
  active_parts = parts;
  if (tree == active) return;
  active = tree;
  if (tree == nullptr) return;
  std::memset(tree->memory, 0, tree->memory_bytes);
  tree->build();
  const auto* memory = static_cast<const unsigned char*>(tree->memory);
  initial_memory.assign(memory, memory + tree->memory_bytes);
  DescribeTree(*tree);
  uint32_t end = 0;
  for (unsigned long i = 0; i < *tree->site_row_count; ++i) {
    if (tree->site_rows[i].offset >= end) end = tree->site_rows[i].offset + 1;
  }
  sites.assign(end, 0);
  for (unsigned long i = 0; i < *tree->site_row_count; ++i) {
    sites[tree->site_rows[i].offset] = tree->site_rows[i].site + 1;
  }
}

const wr_tree* ActiveTree() { return active; }
bool TreeDoes(unsigned part) { return active != nullptr && (active_parts & part) != 0; }

void BeginTree(const CpuMms& mms) {
  std::memcpy(active->memory, initial_memory.data(), initial_memory.size());
  for (PendingStore& store : pending) store = {};
  for (FirstRead& read : first_read) read = {};
  given_caller = nullptr;
  ResetTreeNotes();
  ResetTreeRaces();
  wr_tree_start start = {};
  for (int mm = 0; mm < kMmsMax; ++mm) start.pgd[mm] = arena.mm[mm].pgd;
  for (int cpu = 0; cpu < kCpusMax; ++cpu) start.mm_of_cpu[cpu] = mms.of_cpu[cpu];
  active->begin(&start);
}

const wr_site* FindTreeSite(const void* return_address) {
  const uintptr_t offset =
      reinterpret_cast<uintptr_t>(return_address) - reinterpret_cast<uintptr_t>(active->text);
  if (offset >= sites.size() || sites[offset] == 0) return nullptr;
  return &active->sites[sites[offset] - 1];
}

const wr_site* TreeSiteOf(const void* return_address) {
  static const wr_site nowhere = {"(tree)", "(tree)", 0};
  const wr_site* site = FindTreeSite(return_address);
  return site == nullptr ? &nowhere : site;
}

bool IsInMachine(const void* address) { return IsInArena(address); }
LocationId LocationInMachine(const void* address) {
  return static_cast<LocationId>(
      (reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(&arena)) / 8);
}

void SetTreeControl(bool on) { control = on; }

void FinishTreeStore() {
  EndControl();
  PendingStore& store = pending[wr_cpu()];
  if (store.address == nullptr) return;
  const PendingStore done = store;
  store.address = nullptr;
  uint64_t after = 0;
  if (done.field == nullptr) {
    after = ReadTree(done.address, done.size);
  } else {
    const uint64_t value = ReadTree(done.field->address, done.field->bytes);
    after = MachineValue(*done.field, value);
    SetEntireMapcount(*done.field, value);
    *done.field->target = after;
    Mirror(*done.field);
  }
  EndStore(done.before, after);
}

}  // namespace walkrace

using namespace walkrace;

// Every call finishes what the tree's code stored before it, and is an event of the place that it
// returns to.
#define WR_TREE_CALL()                                               \
  FinishTreeStore();                                                 \
  const void* const wr_pc = TakeCaller(__builtin_return_address(0)); \
  const RaceDetectorFrame wr_caller(wr_pc);                          \
  const wr_site* const site = TreeSiteOf(wr_pc)

extern "C" {

unsigned long wr_port_load(const volatile void* address, unsigned size, wr_port_order order) {
  WR_TREE_CALL();
  const unsigned long value = Load(address, size, static_cast<wr_order>(order), site);
  if (const TreeField* field = SharedField(address)) NoteTreeLoad(*field, value, site);
  return value;
}
void wr_port_store(volatile void* address, unsigned size, unsigned long value,
                   wr_port_order order) {
  WR_TREE_CALL();
  Store(address, size, value, static_cast<wr_order>(order), site);
  if (IsInArena(address)) NoteTreeEntryStore(const_cast<void*>(address), value, site);
}
unsigned long wr_port_rmw(volatile void* address, unsigned size, enum wr_port_rmw kind,
                          unsigned long operand, unsigned long expected, wr_port_order order) {
  WR_TREE_CALL();
  return Rmw(address, size, static_cast<enum wr_rmw>(kind), operand, expected,
             static_cast<wr_order>(order), site);
}
void wr_port_fence(enum wr_port_fence kind) {
  WR_TREE_CALL();
  wr_fence(static_cast<enum wr_fence>(kind), site);
}

void wr_port_spin_lock(void* lock) {
  WR_TREE_CALL();
  wr_spin_lock(LockAt(lock), site);
}
int wr_port_spin_trylock(void* lock) {
  WR_TREE_CALL();
  return wr_rmw(LockAt(lock), 8, WR_CMPXCHG, wr_cpu() + 1, 0, WR_FULL, WR_DATA, nullptr, site) == 0;
}
void wr_port_spin_unlock(void* lock) {
  WR_TREE_CALL();
  wr_spin_unlock(LockAt(lock), site);
}
void wr_port_read_lock(void* lock) {
  WR_TREE_CALL();
  wr_read_lock(LockAt(lock), site);
}
void wr_port_read_unlock(void* lock) {
  WR_TREE_CALL();
  wr_read_unlock(LockAt(lock), site);
}
void wr_port_write_lock(void* lock) {
  WR_TREE_CALL();
  wr_write_lock(LockAt(lock), site);
}
int wr_port_write_trylock(void* lock) {
  WR_TREE_CALL();
  return wr_rmw(LockAt(lock), 8, WR_CMPXCHG, WR_RW_WRITER, 0, WR_FULL, WR_DATA, nullptr, site) == 0;
}
void wr_port_write_unlock(void* lock) {
  WR_TREE_CALL();
  wr_write_unlock(LockAt(lock), site);
}

unsigned long wr_port_irq_save(void) {
  WR_TREE_CALL();
  return wr_irq_off(site);
}
void wr_port_irq_restore(unsigned long flags) {
  WR_TREE_CALL();
  wr_irq_restore(flags != 0, site);
}
int wr_port_irqs_on(void) { return wr_irqs_on(); }
void wr_port_rcu_read_lock(void) {
  WR_TREE_CALL();
  wr_rcu_read_lock(site);
}
void wr_port_rcu_read_unlock(void) {
  WR_TREE_CALL();
  wr_rcu_read_unlock(site);
}
void wr_port_ipi_all(void) {
  WR_TREE_CALL();
  SyncWalkers(site);
}
void wr_port_call_rcu(void (*callback)(void* head), void* head) {
  WR_TREE_CALL();
  wr_call_rcu(callback, head, site);
}
unsigned wr_port_cpu(void) { return wr_cpu(); }

unsigned long wr_port_entry_get_lockless(const void* entry, int pmd) {
  WR_TREE_CALL();
  // A walker may read the copy that it has on its stack in this way.
  if (!IsInArena(entry)) return ReadTree(entry, 8);
  const uint64_t value = wr_entry_get_lockless(entry, pmd != 0, false, site);
  if (pmd == 0) first_read[wr_cpu()] = {entry, value, nullptr, 0};
  return value;
}
unsigned long wr_port_entry_get_and_clear(void* entry) {
  WR_TREE_CALL();
  const uint64_t value = GetAndClearEntry(entry, site);
  NoteTreeEntryClear(entry, value, site);
  return value;
}
unsigned long wr_port_collapse_flush(void* pmdp, unsigned long address) {
  WR_TREE_CALL();
  NoteTreeCollapseBegin(pmdp, address, site);
  return CollapseFlush(MmOf(address), address, pmdp, true, site, site);
}
unsigned long wr_port_pmdp_invalidate(void* pmdp, unsigned long address) {
  WR_TREE_CALL();
  const uint64_t start = address & HPAGE_PMD_MASK;
  const uint64_t value = EstablishInvalid(pmdp, site);
  FlushMmRange(MmOf(address), start, start + HPAGE_PMD_SIZE, site);
  return value;
}
void wr_port_flush_range(unsigned long start, unsigned long end) {
  WR_TREE_CALL();
  FlushMmRange(MmOf(start), start, end, site);
}
void wr_port_flush_mm(unsigned mm) {
  WR_TREE_CALL();
  const unsigned long start = AddressOfAreaPage(static_cast<int>(mm) * kPagesMax);
  FlushMmRange(&arena.mm[mm], start, start + kPagesMax * PAGE_SIZE, site);
}
void wr_port_deposit(void* pmdp, unsigned long table_pfn) {
  WR_TREE_CALL();
  auto* entry = static_cast<pmd_t*>(pmdp);
  wr_pgtable_trans_huge_deposit(MmOfPmd(pmdp), entry, wr_pfn_to_table(table_pfn), site);
}
unsigned long wr_port_withdraw(void* pmdp) {
  WR_TREE_CALL();
  auto* entry = static_cast<pmd_t*>(pmdp);
  pgtable_t table = wr_pgtable_trans_huge_withdraw(MmOfPmd(pmdp), entry, site);
  return table == nullptr ? 0 : wr_table_to_pfn(table);
}
unsigned long wr_port_table_alloc(void) {
  WR_TREE_CALL();
  pgtable_t table = wr_pte_alloc_one(site);
  return table == nullptr ? 0 : wr_table_to_pfn(table);
}
void wr_port_table_free(unsigned long pfn) {
  WR_TREE_CALL();
  wr_pte_free(wr_pfn_to_table(pfn), site);
}

// Tables where they are; of a data page its content stands for its address.
unsigned long wr_port_table_address(unsigned long pfn) {
  if (pfn < kFramesMax) return reinterpret_cast<uintptr_t>(&arena.content[pfn]);
  return reinterpret_cast<uintptr_t>(wr_pfn_to_table(pfn));
}
unsigned long wr_port_table_pfn(unsigned long address) {
  const uintptr_t content = address - reinterpret_cast<uintptr_t>(arena.content);
  if (content < sizeof(arena.content)) return content / sizeof(arena.content[0]);
  const uintptr_t tables = address - reinterpret_cast<uintptr_t>(arena.tables);
  WR_CHECK(tables < sizeof(arena.tables));
  return kTablePfnBase + tables / sizeof(wr_table);
}

unsigned long wr_port_folio_alloc(unsigned order) {
  WR_TREE_CALL();
  if (order != 0 && order != HPAGE_PMD_ORDER) wr_port_unmodelled("a folio of another order");
  folio* folio = wr_folio_alloc(order, site);
  return folio == nullptr ? 0 : folio_pfn(folio);
}
void wr_port_folio_free(unsigned long pfn) {
  WR_TREE_CALL();
  wr_folio_free(reinterpret_cast<folio*>(pfn_to_page(pfn)), site);
}
void wr_port_copy_content(unsigned long to, unsigned long from) {
  WR_TREE_CALL();
  wr_copy_user_highpage(pfn_to_page(to), pfn_to_page(from), site);
}
void wr_port_clear_content(unsigned long pfn) {
  WR_TREE_CALL();
  wr_clear_user_highpage(pfn_to_page(pfn), site);
}

void wr_port_vma(unsigned mm, unsigned n, struct wr_tree_vma* vma) {
  vm_area_struct* found = wr_next_vma(&arena.mm[mm], nullptr);
  while (n-- != 0) found = wr_next_vma(&arena.mm[mm], found);
  *vma = {found->vm_start, found->vm_end, found->vm_pgoff, TreeFileOf(found->vm_file),
          found->unlinked};
}

void wr_port_from(const void* return_address) { given_caller = return_address; }

void wr_port_unmodelled(const char* name) {
  const wr_site* from = active == nullptr ? nullptr : TreeSiteOf(__builtin_return_address(0));
  (void)std::fprintf(
      stderr,
      "walkrace: tree %s: %s was reached in %s(), %s:%d, and the port does not model "
      "it: no verdict (exit 3)\n  what is modelled: src/kernel/port/PORT.md; add it "
      "in src/kernel/port/stubs.c\n",
      active == nullptr ? "?" : active->name, name, from == nullptr ? "?" : from->function,
      from == nullptr ? "?" : from->file, from == nullptr ? 0 : from->line);
  (void)std::fflush(stderr);
  std::_Exit(3);
}

void wr_port_bug(const char* file, int line) {
  (void)std::fprintf(stderr, "walkrace: tree %s: its own BUG_ON or WARN_ON fired at %s:%d\n",
                     active->name, file, line);
  (void)std::fflush(stderr);
  std::_Exit(3);
}

#define WR_COVERAGE_CALLBACKS(bytes)                               \
  void wr_port_cov_load##bytes(const void* address) {              \
    BeforePlainLoad(address, bytes, __builtin_return_address(0));  \
  }                                                                \
  void wr_port_cov_store##bytes(void* address) {                   \
    BeforePlainStore(address, bytes, __builtin_return_address(0)); \
  }
WR_COVERAGE_CALLBACKS(1)
WR_COVERAGE_CALLBACKS(2)
WR_COVERAGE_CALLBACKS(4)
WR_COVERAGE_CALLBACKS(8)
WR_COVERAGE_CALLBACKS(16)

}  // extern "C"
