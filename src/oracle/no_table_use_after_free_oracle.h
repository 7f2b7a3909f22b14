// no-table-use-after-free: nobody reads an entry of a page table that is freed, or that was freed
// and reused since the link to it was read, or that is deposited where deposit writes into it;
// nobody reads an entry through a link that is none (a huge page's, or an empty entry's), nor
// installs as a table what is none.
#ifndef WALKRACE_ORACLE_NO_TABLE_USE_AFTER_FREE_ORACLE_H_
#define WALKRACE_ORACLE_NO_TABLE_USE_AFTER_FREE_ORACLE_H_

#include "oracle/oracle.h"

namespace walkrace {

class NoTableUseAfterFreeOracle final : public Oracle {
 public:
  static constexpr const char* kName = "no-table-use-after-free";
  static constexpr Interest kInterest = {
      .notes = MaskOf(WR_NOTE_ENTRY_READ, WR_NOTE_TABLE_ALLOC, WR_NOTE_TABLE_FREE,
                      WR_NOTE_TABLE_DEPOSIT, WR_NOTE_TABLE_WITHDRAW),
      .reads = kAllEntries | MaskOf(ObjectKind::kWild, ObjectKind::kStack),
      .writes = MaskOf(ObjectKind::kPgd, ObjectKind::kP4d, ObjectKind::kPud, ObjectKind::kPmd)};
  using Oracle::Oracle;

  void Begin() override;
  void OnEvent(const Event& event, const Object& object, uint32_t index) override;

 private:
  enum class State : uint8_t { kInUse, kDeposited, kFree };
  struct Table {
    State state;
    // Counts how often it was put to use. A table that is there at the start is reached through
    // other tables: its first life is known to all.
    uint16_t life;
  };

  void OnNote(const Event& note);
  void OnRead(const Event& event, const Object& entry, uint32_t index);
  void OnWrite(const Event& event, const Object& entry, uint32_t index);
  void OnLink(CpuId cpu, ObjectKind level, uint64_t value);
  void ReportRead(const Event& at, const Object& entry, uint32_t index, const char* what);
  void ReportWild(const Event& at, uint32_t index);
  // How the reader came to the table: of the events before `end` that show it the way, the first
  // one of its last call that has any (re-reads of the same entry lead nowhere new).
  uint32_t FindLink(CpuId cpu, uint16_t table, uint32_t end) const;

  bool deposit_writes_ = false;
  Table tables_[kTablesMax] = {};
  // The life of each table that each CPU has last seen linked.
  uint16_t seen_[kCpusMax][kTablesMax] = {};
};

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_NO_TABLE_USE_AFTER_FREE_ORACLE_H_
