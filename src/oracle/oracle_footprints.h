// What the steps of a run touch of what oracles look at: their own shadows and histories, and what
// they read of the machine. For searches with reduction (engine/footprint.h): two steps that do not
// conflict may change places without any oracle's judging otherwise. A new oracle, or a new
// question of one, needs its line here: src/harness/commute_test.cc finds what is missing.
#ifndef WALKRACE_ORACLE_ORACLE_FOOTPRINTS_H_
#define WALKRACE_ORACLE_ORACLE_FOOTPRINTS_H_

#include "engine/step_footprints.h"
#include "machine/inspect.h"
#include "oracle/note_fields.h"
#include "oracle/oracles.h"

namespace walkrace {

class OracleFootprints final : public StepFootprints {
 public:
  // `oracles` watch the runs of this engine.
  OracleFootprints(Engine& engine, const OracleSet& oracles)
      : StepFootprints(engine), oracles_(oracles) {}

 protected:
  void AddEvent(const Event& event, uint32_t index, Footprint& footprint) override;

 private:
  void AddAccess(const Event& event, const Object& object, uint32_t index, Footprint& footprint);
  void AddTranslation(int page, uint32_t index, Footprint& footprint);
  void AddEntryWrite(const Object& object, uint32_t index, Footprint& footprint);
  void AddTable(const Object& entry, uint64_t value, Footprint& footprint);
  void AddCount(const Event& event, const Object& object, Footprint& footprint);
  void AddFlags(const Event& event, uint16_t pfn, Footprint& footprint);
  void AddFill(const Event& event, Footprint& footprint);
  void AddNote(const Event& note, uint32_t index, Footprint& footprint);
  void AddGupBegin(const RangeNote& range, Footprint& footprint);
  void AddReturned(const PageNote& note, Footprint& footprint);
  void AddPut(const PageNote& note, Footprint& footprint);
  void AddUnmapBegin(const RangeNote& range, Footprint& footprint);
  void AddReplaced(const Event& event, const PageNote& note, uint32_t index, Footprint& footprint);
  void AddUserAccess(const Event& event, int page, uint16_t pfn, Footprint& footprint);
  void AddPinAccess(const Event& event, int page, uint16_t pfn, Footprint& footprint);
  void AddForkCopied(const Event& note, Footprint& footprint);
  bool HasNote(uint8_t what, CpuId cpu, uint32_t end) const;

  const OracleSet& oracles_;
};

}  // namespace walkrace

#endif  // WALKRACE_ORACLE_ORACLE_FOOTPRINTS_H_
