#include "harness/minimizer_edits.h"

#include <algorithm>

#include "scenario/operation_table.h"

namespace walkrace {
namespace {

class Edits {
 public:
  explicit Edits(const Scenario& from) : from_(from) {}

  void Add(Edit edit) {
    Normalize(edit.scenario);
    if (!(edit.scenario == from_)) edits_.push_back(edit);
  }

  void DropCpus() {
    for (CpuId cpu = from_.cpu_count - 1; cpu >= 0 && from_.cpu_count > 1; --cpu) {
      Edit edit{.scenario = from_, .dropped_cpu = cpu};
      for (CpuId next = cpu + 1; next < from_.cpu_count; ++next) {
        edit.scenario.cpus[next - 1] = from_.cpus[next];
        edit.scenario.mm_of_cpu[next - 1] = from_.mm_of_cpu[next];
      }
      edit.scenario.cpus[--edit.scenario.cpu_count].clear();
      Add(edit);
    }
  }

  // Halves first, then quarters, down to single operations.
  void CutOperations() {
    for (CpuId cpu = 0; cpu < from_.cpu_count; ++cpu) {
      const int count = static_cast<int>(from_.cpus[cpu].size());
      for (int length = count; length >= 1; length /= 2) {
        for (int first = 0; first < count; first += length) {
          Cut(cpu, first, std::min(first + length, count));
        }
      }
    }
  }

  void NarrowOperations() {
    for (CpuId cpu = 0; cpu < from_.cpu_count; ++cpu) {
      for (size_t i = 0; i < from_.cpus[cpu].size(); ++i) {
        const Operation& operation = from_.cpus[cpu][i];
        for (uint8_t k = 0; k < operation.count && operation.count > 1; ++k) {
          SetPages(cpu, i, operation.page + k, 1);
        }
        if (operation.count > 2) {
          SetPages(cpu, i, operation.page, operation.count - 1);
          SetPages(cpu, i, operation.page + 1, operation.count - 1);
        }
        for (const FlagWord& flag : FlagWords()) {
          if ((operation.flags & flag.flag) == 0) continue;
          Edit edit{.scenario = from_};
          edit.scenario.cpus[cpu][i].flags &= ~flag.flag;
          Add(edit);
        }
      }
    }
  }

  void SimplifyLayout() {
    const Layout& layout = from_.layout;
    if (layout.levels != 4) {
      Edit edit{.scenario = from_};
      edit.scenario.layout.levels = 4;
      Add(edit);
    }
    for (CpuId cpu = 0; cpu < from_.cpu_count; ++cpu) {
      Edit edit{.scenario = from_};
      edit.scenario.mm_of_cpu[cpu] = 0;
      Add(edit);
    }
    for (int region = 0; region < kRegionsMax; ++region) {
      Edit edit{.scenario = from_};
      edit.scenario.layout.backing[region] = Backing::kAnon;
      Add(edit);
    }
    for (int region = 0; region < kRegionsMax; ++region) {
      const int first = region * kPagesPerRegion;
      const bool whole = layout.huge[region] || layout.backing[region] == Backing::kCompound;
      const int length_min = whole ? kPagesPerRegion : 1;
      for (int length = kPagesPerRegion; length >= length_min; length /= 2) {
        for (int page = first; page < first + kPagesPerRegion; page += length) {
          Unmap(region, page, page + length);
        }
      }
    }
  }

  std::vector<Edit> Take() { return std::move(edits_); }

 private:
  void Cut(CpuId cpu, int first, int end) {
    Edit edit{.scenario = from_, .cut_cpu = cpu, .cut_first = first, .cut_end = end};
    for (int i = end; i > first; --i) edit.scenario.cpus[cpu].erase(i - 1);
    Add(edit);
  }

  void SetPages(CpuId cpu, size_t index, int page, int count) {
    Edit edit{.scenario = from_};
    edit.scenario.cpus[cpu][index].page = static_cast<uint8_t>(page);
    edit.scenario.cpus[cpu][index].count = static_cast<uint8_t>(count);
    Add(edit);
  }

  void Unmap(int region, int first, int end) {
    Edit edit{.scenario = from_};
    edit.scenario.layout.huge[region] = false;
    for (int page = first; page < end; ++page) edit.scenario.layout.pages[page] = PageState::kNone;
    Add(edit);
  }

  const Scenario& from_;
  std::vector<Edit> edits_;
};

}  // namespace

std::vector<Edit> SmallerScenarios(const Scenario& scenario) {
  Edits edits(scenario);
  edits.DropCpus();
  edits.CutOperations();
  edits.NarrowOperations();
  edits.SimplifyLayout();
  return edits.Take();
}

CpuId CpuAfter(const Edit& edit, CpuId cpu) {
  if (cpu == edit.dropped_cpu) return kNoCpu;
  return edit.dropped_cpu != kNoCpu && cpu > edit.dropped_cpu ? cpu - 1 : cpu;
}

}  // namespace walkrace
