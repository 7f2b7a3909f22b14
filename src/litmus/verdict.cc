#include "litmus/verdict.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "litmus/to_text.h"

namespace walkrace::litmus {
namespace {

Value ValueAt(const FinalState& state, Place place) {
  return place.thread < 0 ? state.locations.at(place.index)
                          : state.registers.at(place.thread).at(place.index);
}

void CollectPlaces(const Condition& condition, std::vector<Place>& places) {
  if (condition.connective == Connective::kEqual || condition.connective == Connective::kNotEqual) {
    places.push_back(condition.place);
  }
  for (const Condition& operand : condition.operands) CollectPlaces(operand, places);
}

// Registers by thread and name, then locations by name, each once.
std::vector<Place> ShownPlaces(const Program& program) {
  std::vector<Place> places = program.shown;
  CollectPlaces(program.condition, places);
  const auto key = [&program](Place place) {
    return std::tuple(place.thread < 0, place.thread, PlaceText(program, place));
  };
  std::sort(places.begin(), places.end(), [&](Place a, Place b) { return key(a) < key(b); });
  const auto end = std::unique(places.begin(), places.end(), [](Place a, Place b) {
    return a.thread == b.thread && a.index == b.index;
  });
  places.erase(end, places.end());
  return places;
}

}  // namespace

bool Holds(const Condition& condition, const FinalState& state) {
  const auto holds = [&state](const Condition& operand) { return Holds(operand, state); };
  const auto& operands = condition.operands;
  switch (condition.connective) {
    case Connective::kTrue:
      return true;
    case Connective::kEqual:
      return ValueAt(state, condition.place) == condition.value;
    case Connective::kNotEqual:
      return ValueAt(state, condition.place) != condition.value;
    case Connective::kAnd:
      return std::all_of(operands.begin(), operands.end(), holds);
    case Connective::kOr:
      return std::any_of(operands.begin(), operands.end(), holds);
    case Connective::kNot:
      return !holds(operands.at(0));
    case Connective::kImplies:
      return !holds(operands.at(0)) || holds(operands.at(1));
  }
  return false;
}

const char* Verdict::Word() const {
  if (positive == 0) return "Never";
  return negative == 0 ? "Always" : "Sometimes";
}

bool Verdict::Ok(Quantifier quantifier) const {
  switch (quantifier) {
    case Quantifier::kExists:
      return positive > 0;
    case Quantifier::kNotExists:
      return positive == 0;
    case Quantifier::kForall:
      return negative == 0;
  }
  return false;
}

Verdict Judge(const Program& program, const std::map<FinalState, uint64_t>& states) {
  Verdict verdict;
  verdict.places = ShownPlaces(program);
  for (const auto& [state, count] : states) {
    if (!Holds(program.filter, state)) continue;
    (Holds(program.condition, state) ? verdict.positive : verdict.negative) += count;
    std::vector<Value> values;
    values.reserve(verdict.places.size());
    for (const Place& place : verdict.places) values.push_back(ValueAt(state, place));
    verdict.states[std::move(values)] += count;
  }
  return verdict;
}

std::string StateText(const Program& program, const Verdict& verdict,
                      const std::vector<Value>& values) {
  std::string text;
  for (size_t i = 0; i < values.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : " ", PlaceText(program, verdict.places[i]), "=",
                    ValueText(program, values[i]), ";");
  }
  return text;
}

std::string VerdictText(const Program& program, const Verdict& verdict, bool complete,
                        uint64_t states_max) {
  const char* kind = program.quantifier == Quantifier::kExists      ? "Allowed"
                     : program.quantifier == Quantifier::kNotExists ? "Forbidden"
                                                                    : "Required";
  std::string text =
      absl::StrCat("Test ", program.name, " ", kind, "\nStates ", verdict.states.size(), "\n");
  uint64_t shown = 0;
  for (const auto& [values, count] : verdict.states) {
    if (shown++ == states_max) {
      absl::StrAppend(&text, "... (", verdict.states.size() - states_max, " more)\n");
      break;
    }
    absl::StrAppend(&text, StateText(program, verdict, values), "\n");
  }
  if (verdict.IsCertain(complete)) {
    absl::StrAppend(&text, verdict.Ok(program.quantifier) ? "Ok\n" : "No\n");
  }
  absl::StrAppend(&text, "Witnesses\nPositive: ", verdict.positive, " Negative: ", verdict.negative,
                  "\nCondition ", FinalText(program), "\n");
  if (!complete) text += "Incomplete: not all executions were seen\n";
  absl::StrAppend(&text, "Observation ", program.name, " ",
                  verdict.IsCertain(complete) ? verdict.Word() : "Unknown", " ", verdict.positive,
                  " ", verdict.negative, "\n");
  return text;
}

}  // namespace walkrace::litmus
