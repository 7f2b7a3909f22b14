// For tests only: short scripts of what the paths do, on chosen CPUs of the real engine and
// machine, in the order in which they are written, judged by the oracles.
#ifndef WALKRACE_ORACLE_TEST_BED_H_
#define WALKRACE_ORACLE_TEST_BED_H_

#include <functional>
#include <string>
#include <vector>

#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "machine/layout.h"
#include "machine/profiles.h"
#include "oracle/oracles.h"

namespace walkrace {

inline constexpr unsigned kGet = FOLL_GET;
inline constexpr unsigned kPinWrite = FOLL_PIN | FOLL_WRITE;

// The machine's state at the start with the default layout: pages 0 and 1 map folio1 and folio2
// for writing, by the table T0. folio_alloc(0) gives folio3, then folio4.
class Script {
 public:
  Script() : Script(Layout()) {}
  explicit Script(const Layout& layout, const char* profile = "arm64");
  Script(const Layout& layout, const Profile& profile) : layout_(layout), profile_(profile) {}

  // The next thing to happen. Where it has to wait, what follows happens meanwhile. What it keeps
  // in variables of its own must need no destructor: a run that is cut short does not return.
  Script& On(CpuId cpu, std::function<void()> what);

  // Two address spaces, with `cpu` in mm 1: its pages are kPagesMax and up, by the table T1.
  Script& InMm1(CpuId cpu);

  // Runs all of it, to the first violation or the end.
  const Violation& Run();

  // --- After Run -------------------------------------------------------------------------------

  const Engine& engine() const;
  const MappingHistory& mappings() const;
  // The oracle and the functions of its two events: "no-stale-page: ClearPte / Take", or "clean".
  std::string Verdict() const;

 private:
  struct Step {
    CpuId cpu;
    std::function<void()> what;
  };
  class InTurn;

  static void RunCpu(void* self, CpuId cpu);

  Layout layout_;
  CpuMms mms_;
  Profile profile_;
  std::vector<Step> steps_;
  size_t turn_ = 0;
};

Layout EmptyLayout();
Layout HugeLayout();  // region 0 is one huge page, folio32, with T0 deposited

// --- From a step; the functions' names are the sites' --------------------------------------------

// GUP.
void GupBegin(int page, unsigned flags);
bool Take(uint16_t head, int count = 1);     // unless zero
void PutBack(uint16_t head, int count = 1);  // of a speculative reference
void Return(int page, uint16_t pfn, unsigned flags);
void GupEnd();
void PutPage(int page, uint16_t pfn, unsigned flags);  // note, then the count
// GupBegin, a reference (of FOLL_PIN on a base page: with its bias), Return, GupEnd.
void Pin(int page, uint16_t pfn, unsigned flags = FOLL_PIN | FOLL_WRITE);

// Mutators, on region 0.
void UnmapBegin();
void ClearPmd();
void RestorePmd();
void Look(int page, uint16_t pfn);  // load of the count, then the note
void Replace(int page, uint16_t pfn);
void BackOff();
void MutatorEnd();
void SetFileSlot(int file_page, uint16_t pfn);
void FileReplaceBegin(int file_page);
void FileBackOff(int file_page);
void DiscardBegin(int page);
void DiscardEnd(int page);

// Entries and counts.
void ReadPmd();
uint64_t* EntryOfPmd();          // no event
uint64_t* EntryOfPte(int page);  // no event; of region 0
void ReadPte(int page);          // as if the table of region 0 were known
void SetPte(int page, uint16_t pfn, bool writable = true);  // with the map count
void ClearPte(int page);                                    // the entry alone
void DropMapping(uint16_t pfn);                             // map count and reference
uint16_t Alloc(unsigned order = 0);                         // pfn
void AddToCount(uint16_t pfn, int64_t count);
void AddToMapcount(uint16_t pfn, int64_t count);
void AddToPincount(uint16_t pfn, int64_t count);

// Content. The user's accesses go through the TLB, and must hit a mapping.
void UserWrite(int page, uint64_t value);
uint64_t UserRead(int page);
void PinWrite(int page, uint16_t pfn, uint64_t value);
uint64_t PinRead(int page, uint16_t pfn);
void Flush();  // every TLB
// Content changes behind everybody's back: what a wrong path does.
void Scribble(uint16_t pfn, uint64_t value);

// Fork, to mm 1. Gives it a page that mm 0 maps, read-only in both; EndFork says that all TLBs of
// mm 0 are flushed. The child's pages are kPagesMax and up.
void ForkPage(int page, uint16_t pfn);
uint64_t* EntryOfChildPte(int page);  // no event; of a page that was given
void EndFork();

// A bare operation boundary.
void OpBegin();

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_TEST_BED_H_
