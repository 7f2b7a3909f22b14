// The bits of a page-table entry, and where it has its frame number: x86-64's bits
// (arch/x86/include/asm/pgtable_types.h, v6.1), for every profile. Plain C, without any type: the
// headers that a kernel tree is compiled with use them as well.
#ifndef WALKRACE_KERNEL_ENTRY_BITS_H_
#define WALKRACE_KERNEL_ENTRY_BITS_H_

#define _PAGE_PRESENT 0x001ul
#define _PAGE_RW 0x002ul
#define _PAGE_USER 0x004ul
#define _PAGE_INVALID 0x008ul  // s390: not for the hardware, while software still sees the entry
#define _PAGE_ACCESSED 0x020ul
#define _PAGE_DIRTY 0x040ul
#define _PAGE_PSE 0x080ul
#define _PAGE_PROTNONE 0x100ul
#define _PAGE_SPECIAL 0x200ul
#define _PAGE_DEVMAP 0x010ul  // of a present entry: a device's own memory, whose pages nobody frees
// Entries that are not present and not none: _PAGE_PRESENT and _PAGE_PROTNONE are clear. Where the
// pfn stands in others, a migration entry has the pfn, a swap entry the slot; _PAGE_RW and
// _PAGE_SWP_EXCLUSIVE are what the page had.
#define _PAGE_SWP 0x400ul
#define _PAGE_SWP_MIGRATION 0x800ul
#define _PAGE_SWP_EXCLUSIVE 0x010ul
#define _PAGE_TABLE (_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED | _PAGE_DIRTY)

#define WR_ENTRY_PFN_SHIFT 12  // PAGE_SHIFT

// Where an entry has its frame number: three bits above the page offset, the others in the high
// half. Deviation: a 32-bit kernel's low half has twenty bits of it; here machines are small, and
// what a torn read does would not be seen.
#define WR_PFN_LOW_BITS 3
static inline unsigned long wr_pfn_bits(unsigned long pfn) {
  return (pfn & ((1ul << WR_PFN_LOW_BITS) - 1)) << WR_ENTRY_PFN_SHIFT | pfn >> WR_PFN_LOW_BITS
                                                                                   << 32;
}
static inline unsigned long wr_pfn_of(unsigned long value) {
  return (value >> WR_ENTRY_PFN_SHIFT & ((1ul << WR_PFN_LOW_BITS) - 1)) |
         value >> 32 << WR_PFN_LOW_BITS;
}

#endif  // WALKRACE_KERNEL_ENTRY_BITS_H_
