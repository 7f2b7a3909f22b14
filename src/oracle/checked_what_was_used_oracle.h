// checked-what-was-used: the permission, special and leaf tests of a returned page were made on the
// value that the walk's last re-read of the leaf and of its pmd found, and on which its frame
// stands. Where a variant re-reads nothing, nothing is compared. Levels above the pmd are never
// re-read; pages of the slow path, which holds the table's lock, are not judged. A folio's mapping
// that was tested is followed at once: a further load of it that finds another one is reported
// where it is.
#ifndef WALKRACE_ORACLE_CHECKED_WHAT_WAS_USED_ORACLE_H_
#define WALKRACE_ORACLE_CHECKED_WHAT_WAS_USED_ORACLE_H_

#include "oracle/oracle.h"

namespace walkrace {

class CheckedWhatWasUsedOracle final : public Oracle {
 public:
  static constexpr const char* kName = "checked-what-was-used";
  static constexpr Interest kInterest = {
      .notes =
          MaskOf(WR_NOTE_GUP_BEGIN, WR_NOTE_ENTRY_READ, WR_NOTE_ENTRY_CHECKED, WR_NOTE_PAGE_KEPT,
                 WR_NOTE_PAGE_RETURNED, WR_NOTE_GUP_END, WR_NOTE_MAPPING_TESTED),
      .reads = MaskOf(ObjectKind::kPmd, ObjectKind::kPte, ObjectKind::kMapping)};
  using Oracle::Oracle;

  void Begin() override;
  void OnEvent(const Event& event, const Object& object, uint32_t index) override;

 private:
  // An entry that a walk has tested, and what it has read there since.
  struct Entry {
    LocationId location = kNoLocation;  // kNoLocation: none
    ObjectKind level = ObjectKind::kOther;
    uint64_t tested = 0;
    uint64_t used = 0;            // the last value read, else the tested one
    uint32_t used_at = kNoEvent;  // kNoEvent: not read again
    bool other_frame = false;     // what was kept is not what the value names

    bool Differs() const { return location != kNoLocation && used != tested; }
  };
  // The walk of one CPU: the pmd that it is at, and the pte below; the mapping of a folio that it
  // has tested and goes by.
  struct Walk {
    Entry pmd, pte;
    LocationId mapping = kNoLocation;
    uint64_t tested_mapping = 0;
  };

  void OnRead(const Event& event, uint32_t index);
  void OnReadOfMapping(const Event& event, uint32_t index);
  void OnNote(const Event& note, const Object& object, uint32_t index);
  void OnKept(const Event& note, uint32_t index);
  void ReportUse(const Event& at, const Entry& entry, int page);

  Walk walks_[kCpusMax];
  // Pages of the area that a walk has kept on something else than what it tested, and the entry.
  uint32_t differs_[kCpusMax] = {};
  Entry kept_[kCpusMax][kAreaPages];
  static_assert(kAreaPages <= 32);
};

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_CHECKED_WHAT_WAS_USED_ORACLE_H_
