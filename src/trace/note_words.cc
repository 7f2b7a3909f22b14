#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "machine/inspect.h"
#include "oracle/note_fields.h"
#include "trace/words.h"

namespace walkrace {
namespace {

// In the order of wr_note_kind.
constexpr const char* kNoteWords[] = {
    "op-begin",            //
    "op-end",              //
    "gup-begin",           //
    "page-returned",       //
    "gup-end",             //
    "page-put",            //
    "unmap-begin",         //
    "count-check",         //
    "page-replaced",       //
    "backed-off",          //
    "mutator-end",         //
    "discard-begin",       //
    "discard-end",         //
    "folio-alloc",         //
    "folio-free",          //
    "table-alloc",         //
    "table-free",          //
    "table-deposit",       //
    "table-withdraw",      //
    "user-read",           //
    "user-write",          //
    "pin-read",            //
    "pin-write",           //
    "entry-checked",       //
    "page-kept",           //
    "move-begin",          //
    "move-end",            //
    "fork-copied",         //
    "entry-read",          //
    "file-discard-begin",  //
    "file-discard-end",    //
    "mapping-tested",      //
    "lazy-free-begin",     //
    "lazy-free-end",       //
    "file-replace-begin",  //
    "file-backed-off",     //
};
static_assert(std::size(kNoteWords) == WR_NOTE_COUNT);

std::string FrameWords(uint64_t pfn) {
  if (pfn == 0 || pfn >= kFramesMax) return absl::StrCat("pfn ", pfn);
  return NameOfFrame(static_cast<uint16_t>(pfn));
}

std::string TableWords(uint64_t pfn) {
  const uint64_t index = pfn - kTablePfnBase;
  if (index >= kTablesMax) return absl::StrCat("a wild table, pfn ", pfn);
  return absl::StrCat("table ", NameOfTable(static_cast<int>(index)));
}

std::string PageWords(uint64_t address) {
  const int page = AreaPage(address);
  if (page < 0) return absl::StrCat("address 0x", absl::Hex(address));
  return absl::StrCat("page ", page);
}

std::string RangeWords(const Event& note) {
  const RangeNote range = RangeNoteOf(note);
  if (range.end <= range.first + 1) return absl::StrCat("page ", range.first);
  return absl::StrCat("pages ", range.first, "-", range.end - 1);
}

std::string OperationWords(const Event& note, const Scenario* scenario) {
  if (scenario != nullptr && note.cpu < kCpusMax) {
    const OperationList& operations = scenario->cpus[note.cpu];
    if (note.before < operations.size()) return ToText(operations[note.before]).text;
  }
  return absl::StrCat("operation ", note.before);
}

// "GUP of 2 pages from page 0, FOLL_PIN|FOLL_WRITE"
std::string GupWords(const Event& note) {
  const auto flags = static_cast<uint32_t>(note.after >> 32);
  return absl::StrCat("GUP of ", note.after & UINT32_MAX, " from ", PageWords(note.before), ", ",
                      (flags & FOLL_PIN) != 0 ? "FOLL_PIN" : "FOLL_GET",
                      (flags & FOLL_WRITE) != 0 ? "|FOLL_WRITE" : "");
}

std::string ReplacedWords(const Event& note, const PageNote& page) {
  const bool collapse =
      note.site != nullptr && absl::StrContains(note.site->function, "collapse_huge_page");
  return absl::StrCat("replaces ", FrameWords(page.pfn), " (", PageWords(note.before), ")",
                      collapse ? " by the huge page" : "");
}

// "writes 10100 to page 0 (folio1)", with " through its reference".
std::string ContentWords(const Event& note, bool write, bool pinned) {
  const std::string value = ValueWords(note.location, note.after);
  const Object& object = ObjectAt(note.location);
  std::string words = write ? absl::StrCat("writes ", value, " to ", PageWords(note.before))
                            : absl::StrCat("reads ", value, " at ", PageWords(note.before));
  if (object.kind == ObjectKind::kContent) {
    absl::StrAppend(&words, " (", NameOfFrame(object.frame), ")");
  }
  return words + (pinned ? " through its reference" : "");
}

}  // namespace

const char* NoteWord(uint8_t what) { return what < WR_NOTE_COUNT ? kNoteWords[what] : "unknown"; }

std::string NoteWords(const Event& note, const Scenario* scenario) {
  const PageNote page = PageNoteOf(note);
  switch (note.detail) {
    case WR_NOTE_OP_BEGIN:
      return absl::StrCat("begins: ", OperationWords(note, scenario));
    case WR_NOTE_OP_END:
      return absl::StrCat("ends: ", OperationWords(note, scenario));
    case WR_NOTE_GUP_BEGIN:
      return GupWords(note);
    case WR_NOTE_PAGE_RETURNED:
      return absl::StrCat("returns ", FrameWords(page.pfn), " for ", PageWords(note.before));
    case WR_NOTE_GUP_END:
      return absl::StrCat("GUP returns ", note.before);
    case WR_NOTE_PAGE_PUT:
      return absl::StrCat("puts back ", FrameWords(page.pfn), " of ", PageWords(note.before));
    case WR_NOTE_UNMAP_BEGIN:
      return absl::StrCat("begins to unmap ", RangeWords(note));
    case WR_NOTE_COUNT_CHECK:
      return absl::StrCat("checks: nobody else holds ", FrameWords(page.pfn));
    case WR_NOTE_PAGE_REPLACED:
      return ReplacedWords(note, page);
    case WR_NOTE_BACKED_OFF:
      return absl::StrCat("backs off, ", RangeWords(note));
    case WR_NOTE_MUTATOR_END:
      return absl::StrCat("is done with ", RangeWords(note));
    case WR_NOTE_DISCARD_BEGIN:
      return absl::StrCat("begins to discard ", RangeWords(note));
    case WR_NOTE_DISCARD_END:
      return absl::StrCat("has discarded ", RangeWords(note));
    case WR_NOTE_FILE_DISCARD_BEGIN:
      return absl::StrCat("begins to discard page ", note.before, " of the file");
    case WR_NOTE_FILE_DISCARD_END:
      return absl::StrCat("has discarded page ", note.before, " of the file");
    case WR_NOTE_MAPPING_TESTED:
      return absl::StrCat("has tested ", NameOf(note.location), " as ",
                          NameOfValue(note.location, note.before));
    case WR_NOTE_MOVE_BEGIN:
      return absl::StrCat("moves the region of ", PageWords(note.before), " to ",
                          PageWords(note.after));
    case WR_NOTE_MOVE_END:
      return absl::StrCat("has moved the region of ", PageWords(note.before), " to ",
                          PageWords(note.after));
    case WR_NOTE_FOLIO_ALLOC:
      return absl::StrCat("allocates ", FrameWords(note.before));
    case WR_NOTE_FOLIO_FREE:
      return absl::StrCat("frees ", FrameWords(note.before));
    case WR_NOTE_TABLE_ALLOC:
      return absl::StrCat("allocates ", TableWords(note.before));
    case WR_NOTE_TABLE_FREE:
      return absl::StrCat("frees ", TableWords(note.before));
    case WR_NOTE_TABLE_DEPOSIT:
      return absl::StrCat("deposits ", TableWords(note.before));
    case WR_NOTE_TABLE_WITHDRAW:
      return absl::StrCat("withdraws ", TableWords(note.before));
    case WR_NOTE_USER_READ:
      return ContentWords(note, false, false);
    case WR_NOTE_USER_WRITE:
      return ContentWords(note, true, false);
    case WR_NOTE_PIN_READ:
      return ContentWords(note, false, true);
    case WR_NOTE_PIN_WRITE:
      return ContentWords(note, true, true);
    case WR_NOTE_ENTRY_CHECKED:
      return absl::StrCat("has tested ", NameOf(note.location), " as ",
                          NameOfValue(note.location, note.after), " for ", PageWords(note.before));
    case WR_NOTE_ENTRY_READ:
      return absl::StrCat("has read ", NameOf(note.location), " as ",
                          NameOfValue(note.location, note.before));
    case WR_NOTE_PAGE_KEPT:
      return absl::StrCat(page.pfn == 0 ? "gives up " : "keeps ", PageWords(note.before),
                          page.pfn == 0 ? "" : ": ", page.pfn == 0 ? "" : FrameWords(page.pfn));
    case WR_NOTE_FORK_COPIED:
      return absl::StrCat("gives ", PageWords(note.before), " to the child as ",
                          PageWords(note.after));
    case WR_NOTE_LAZY_FREE_BEGIN:
      return absl::StrCat("begins to free lazily ", RangeWords(note));
    case WR_NOTE_LAZY_FREE_END:
      return absl::StrCat("has freed lazily ", RangeWords(note));
    case WR_NOTE_FILE_REPLACE_BEGIN:
      return absl::StrCat("begins to replace page ", note.before, " of the file");
    case WR_NOTE_FILE_BACKED_OFF:
      return absl::StrCat("backs off, page ", note.before, " of the file");
    default:
      return "unknown note";
  }
}

}  // namespace walkrace
