// What the architecture "walkrace" calls: the engine's events, as the asm/ headers beside this file
// need them. Plain C, without any type of the kernel's. Each function is one event where `address`
// is memory that walkrace shares, and only the access itself elsewhere. Sites (function, file,
// line) come from the return address: machine/tree_sites.h.
#ifndef WALKRACE_KERNEL_PORT_CALLS_H_
#define WALKRACE_KERNEL_PORT_CALLS_H_

enum wr_port_order {
  WR_PORT_PLAIN,
  WR_PORT_RELAXED,
  WR_PORT_ACQUIRE,
  WR_PORT_RELEASE,
  WR_PORT_FULL
};
enum wr_port_rmw {
  WR_PORT_XCHG,
  WR_PORT_ADD,
  WR_PORT_SUB,
  WR_PORT_AND,
  WR_PORT_OR,
  WR_PORT_CMPXCHG,
  WR_PORT_ADD_UNLESS,
};
enum wr_port_fence { WR_PORT_MB, WR_PORT_RMB, WR_PORT_WMB };

// `size`: 1, 2, 4 or 8 bytes.
unsigned long wr_port_load(const volatile void* address, unsigned size, enum wr_port_order order);
void wr_port_store(volatile void* address, unsigned size, unsigned long value,
                   enum wr_port_order order);
// Returns the old value. `expected`: of CMPXCHG, and of ADD_UNLESS the value that forbids it.
unsigned long wr_port_rmw(volatile void* address, unsigned size, enum wr_port_rmw kind,
                          unsigned long operand, unsigned long expected, enum wr_port_order order);
void wr_port_fence(enum wr_port_fence kind);

// Locks, by the address of their words.
void wr_port_spin_lock(void* lock);
int wr_port_spin_trylock(void* lock);
void wr_port_spin_unlock(void* lock);
void wr_port_read_lock(void* lock);
void wr_port_read_unlock(void* lock);
void wr_port_write_lock(void* lock);
int wr_port_write_trylock(void* lock);
void wr_port_write_unlock(void* lock);

// Interrupts. Flags: 1 on, 0 off.
unsigned long wr_port_irq_save(void);
void wr_port_irq_restore(unsigned long flags);
int wr_port_irqs_on(void);
void wr_port_rcu_read_lock(void);
void wr_port_rcu_read_unlock(void);
// Interrupts every other CPU and waits until each has run an empty handler.
void wr_port_ipi_all(void);
void wr_port_call_rcu(void (*callback)(void* head), void* head);
unsigned wr_port_cpu(void);

// Entries and TLBs, as the profile has them. Entries are addresses in the machine's tables.
unsigned long wr_port_entry_get_lockless(const void* entry, int pmd);
unsigned long wr_port_entry_get_and_clear(void* entry);
unsigned long wr_port_collapse_flush(void* pmdp, unsigned long address);
unsigned long wr_port_pmdp_invalidate(void* pmdp, unsigned long address);
void wr_port_flush_range(unsigned long start, unsigned long end);
void wr_port_flush_mm(unsigned mm);
void wr_port_deposit(void* pmdp, unsigned long table_pfn);
unsigned long wr_port_withdraw(void* pmdp);              // a pfn, or 0
unsigned long wr_port_table_address(unsigned long pfn);  // of the machine's memory
unsigned long wr_port_table_pfn(unsigned long address);
unsigned long wr_port_table_alloc(void);  // a pfn, or 0
void wr_port_table_free(unsigned long pfn);

// Pages, by frame number. What they hold is one event to copy and to clear.
unsigned long wr_port_folio_alloc(unsigned order);  // 0: no memory
void wr_port_folio_free(unsigned long pfn);
void wr_port_copy_content(unsigned long to, unsigned long from);
void wr_port_clear_content(unsigned long pfn);
void wr_port_free_page_and_swap_cache(unsigned long pfn);
void wr_port_free_swap_cache(unsigned long pfn);
void wr_port_free_swap(unsigned long slot);

// The n-th vma of an mm as it is now.
struct wr_tree_vma;
void wr_port_vma(unsigned mm, unsigned n, struct wr_tree_vma* vma);

// handle_mm_fault(), by walkrace's own path. Returns whether memory ran out.
enum { WR_PORT_FAULT_WRITE = 1, WR_PORT_FAULT_UNSHARE = 2 };
int wr_port_fault(unsigned mm, unsigned long address, unsigned how);
void wr_port_notifier_start(unsigned mm, unsigned long start, unsigned long end);
void wr_port_notifier_end(unsigned mm, unsigned long start, unsigned long end);

// The running CPU is in a data_race() from here on (1), or left it (-1).
void wr_port_racy(int change);
// Its next access is not told to ThreadSanitizer.
void wr_port_racy_once(void);

// The next event's site is the call that returns here: for functions of the port that stand for one
// event of their caller's.
void wr_port_from(const void* return_address);
#define WR_PORT_FROM_CALLER() wr_port_from(__builtin_return_address(0))

// The tree's own BUG_ON or WARN_ON is a verdict.
void wr_port_bug(const char* file, int line);

// Ends the process: a function that the port does not model was reached (exit 3).
__attribute__((noreturn)) void wr_port_unmodelled(const char* name);

#endif  // WALKRACE_KERNEL_PORT_CALLS_H_
