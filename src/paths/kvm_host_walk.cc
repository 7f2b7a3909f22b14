// KVM's walk of the host's own tables, to see how large a mapping it may give its guest. Mirrors
// host_pfn_mapping_level() (arch/x86/kvm/mmu/mmu.c, v6.1) down to the pmd, and below it what
// get_user_mapping_size() (arch/arm64/kvm/mmu.c, v6.3) does: that one reads the pte as well. Both
// walk with interrupts off and follow the very value that they have tested; neither takes a
// reference. Leaves out: pud leaves, the mmu_notifier sequence by which the caller finds out that
// the answer is out of date.
#include "kernel/pgtable.h"
#include "paths/cuts.h"
#include "paths/lockless_walk.h"
#include "paths/paths.h"

enum pg_level { PG_LEVEL_NONE, PG_LEVEL_4K, PG_LEVEL_2M };

static enum pg_level walk_host_tables(struct mm_struct* mm, unsigned long hva) {
  pmd_t* pmdp = walk_to_pmd(mm, hva);
  if (pmdp == nullptr) return PG_LEVEL_NONE;
  pmd_t pmd = pmdp_get(pmdp);
  if (!pmd_present(pmd)) return PG_LEVEL_NONE;
  if (pmd_leaf(pmd)) return PG_LEVEL_2M;
  // ORDER(H test-and-use-one-load): as in find_linux_pte().
  if (is_cut("kvm-read-once")) pmd = pmdp_get(pmdp);
  const pte_t pte = ptep_get(pte_offset_kernel(pmd, hva));
  return pte_present(pte) ? PG_LEVEL_4K : PG_LEVEL_NONE;
}

static enum pg_level host_pfn_mapping_level(struct mm_struct* mm, unsigned long hva) {
  if (is_cut("kvm-irqs-off")) return walk_host_tables(mm, hva);
  bool irq_flags;
  local_irq_save(irq_flags);  // ORDER(D irq-off-walk)
  const enum pg_level level = walk_host_tables(mm, hva);
  local_irq_restore(irq_flags);
  return level;
}

void kvm_host_walk(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                   unsigned /*flags*/) {
  (void)host_pfn_mapping_level(mm, start);
}
