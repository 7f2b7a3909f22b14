// back-off-restores: a mutator that backs off leaves the same pages mapped with the same rights
// (accessed and dirty bits may differ). One that replaces a file's pages puts back what the page
// cache had; what it has unmapped may stay so, for the next fault finds it there.
#ifndef WALKRACE_ORACLE_BACK_OFF_RESTORES_ORACLE_H_
#define WALKRACE_ORACLE_BACK_OFF_RESTORES_ORACLE_H_

#include "oracle/mapping_history.h"
#include "oracle/oracle.h"

namespace walkrace {

class BackOffRestoresOracle final : public Oracle {
 public:
  static constexpr const char* kName = "back-off-restores";
  static constexpr Interest kInterest = {
      .notes = MaskOf(WR_NOTE_OP_BEGIN, WR_NOTE_UNMAP_BEGIN, WR_NOTE_BACKED_OFF,
                      WR_NOTE_MUTATOR_END, WR_NOTE_FILE_REPLACE_BEGIN, WR_NOTE_FILE_BACKED_OFF)};
  using Oracle::Oracle;

  void Begin() override;
  void OnEvent(const Event& event, const Object& object, uint32_t index) override;

 private:
  // What the page cache had when the mutator on one CPU began to replace it, by page of the file.
  struct Replaced {
    uint32_t pages;  // bit n: page n
    Allocation then[kCachePages];
  };

  void OnReplaceBegin(const Event& event);
  void Compare(const Event& event, uint32_t unmap_begin, uint32_t index);
  void CompareFile(const Event& event, uint32_t index);

  uint32_t unmap_begin_[kCpusMax] = {};
  Replaced replaced_[kCpusMax] = {};
};

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_BACK_OFF_RESTORES_ORACLE_H_
