#include "target/report.h"

#include "target/text.h"
#include "target/trace.h"

namespace walkrace {

std::string ReportTarget(TargetRunner& runner, const TargetInput& input,
                         const TargetVerdict& verdict) {
  std::string out = PrintTargetText(runner, input, verdict.violated);
  out += "---- what happened: CPU, number of its event, place, what it did ----\n";
  return out + PrintTargetTrace(runner);
}

}  // namespace walkrace
