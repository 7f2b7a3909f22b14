// back-off-restores: a mutator that backs off leaves the same pages mapped with the same rights
// (accessed and dirty bits may differ).
#ifndef WALKRACE_ORACLE_BACK_OFF_RESTORES_ORACLE_H_
#define WALKRACE_ORACLE_BACK_OFF_RESTORES_ORACLE_H_

#include "oracle/oracle.h"

namespace walkrace {

class BackOffRestoresOracle final : public Oracle {
 public:
  static constexpr const char* kName = "back-off-restores";
  static constexpr Interest kInterest = {
      .notes = MaskOf(WR_NOTE_UNMAP_BEGIN, WR_NOTE_BACKED_OFF, WR_NOTE_MUTATOR_END)};
  using Oracle::Oracle;

  void Begin() override;
  void OnEvent(const Event& event, const Object& object, uint32_t index) override;

 private:
  void Compare(const Event& event, uint32_t unmap_begin, uint32_t index);

  uint32_t unmap_begin_[kCpusMax] = {};
};

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_BACK_OFF_RESTORES_ORACLE_H_
