#include "report.h"

#include <cstdio>
#include <cstring>
#include <string>

#include "harness/describe.h"
#include "scenario/text_codec.h"

namespace walkrace {

void PrintReport(const Runner& runner, const Scenario& scenario, const ResolvedContext& context,
                 const Report& report) {
  const std::string walk = PrintText(FileOfLastRun(runner, scenario, context, report));
  const std::string signature = SignatureOf(runner.engine(), report.violation);
  // A data race is seen by ThreadSanitizer alone.
  const bool race = std::strcmp(report.violation.oracle, "data-race") == 0;
  const char* flavour = race ? "tsan" : "plain";
  (void)std::fprintf(stderr,
                     "\n==== walkrace: violation of %s ====\n"
                     "%s\n"
                     "signature: %s\n"
                     "---- the schedule; save it as finding.walk ----\n"
                     "%s"
                     "---- next ----\n"
                     "build/%s/bin/walkrace replay finding.walk\n"
                     "build/%s/bin/walkrace minimize finding.walk -o minimal.walk\n"
                     "====\n",
                     report.violation.oracle, report.violation.message, signature.c_str(),
                     walk.c_str(), flavour, flavour);
  (void)std::fflush(stderr);
}

}  // namespace walkrace
