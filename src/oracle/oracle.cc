#include "oracle/oracle.h"

#include <cstdarg>
#include <cstdio>

namespace walkrace {
namespace {

void Fill(Violation* violation, const char* format, va_list arguments) {
  (void)std::vsnprintf(violation->message, sizeof(violation->message), format, arguments);
}

}  // namespace

void Oracle::Report(const Event& at, uint32_t first_event, uint32_t second_event,
                    const char* format, ...) {
  Violation& violation = *view_.violation;
  if (violation.oracle != nullptr) return;
  violation = {name_, at.step, at.cpu, first_event, second_event, {}};
  va_list arguments;
  va_start(arguments, format);
  Fill(&violation, format, arguments);
  va_end(arguments);
}

void Oracle::ReportAtEnd(uint32_t first_event, uint32_t second_event, const char* format, ...) {
  Violation& violation = *view_.violation;
  if (violation.oracle != nullptr) return;
  violation = {name_, view_.engine->steps(), kNoCpu, first_event, second_event, {}};
  va_list arguments;
  va_start(arguments, format);
  Fill(&violation, format, arguments);
  va_end(arguments);
}

}  // namespace walkrace
