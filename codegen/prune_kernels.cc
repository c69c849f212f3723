// Kernels as a list of declarations with the names that they define, and what is reachable from a
// text.
#include "codegen/prune_kernels.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <vector>

namespace onnxc {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// Behind the comment or literal that starts at `at`; `at` where none does.
size_t past_text(std::string_view code, size_t at) {
  if (code.substr(at).starts_with("//")) return std::min(code.find('\n', at), code.size());
  if (code[at] != '"') return at;
  for (++at; at < code.size() && code[at] != '"'; ++at) at += code[at] == '\\';
  return std::min(at + 1, code.size());
}

// Calls visit(word) for every identifier outside comments and string literals.
template <class Visit>
void each_word(std::string_view code, const Visit& visit) {
  for (size_t at = 0; at < code.size();) {
    if (!is_word(code[at])) {
      const size_t past = past_text(code, at);
      at = past > at ? past : at + 1;
      continue;
    }
    size_t end = at;
    while (end < code.size() && is_word(code[end])) ++end;
    if (!std::isdigit(static_cast<unsigned char>(code[at]))) visit(code.substr(at, end - at));
    at = end;
  }
}

std::string_view last_word(std::string_view text) {
  size_t end = text.size();
  while (end > 0 && !is_word(text[end - 1])) --end;
  size_t begin = end;
  while (begin > 0 && is_word(text[begin - 1])) --begin;
  return text.substr(begin, end - begin);
}

std::string_view without_comment(std::string_view line) { return line.substr(0, line.find("//")); }

// The name that follows `keyword` at the beginning of a declaration, or nothing.
std::string_view word_after(std::string_view keyword, std::string_view declaration) {
  if (!declaration.starts_with(keyword)) return {};
  declaration.remove_prefix(keyword.size());
  const auto end = std::find_if_not(declaration.begin(), declaration.end(), is_word);
  return declaration.substr(0, static_cast<size_t>(end - declaration.begin()));
}

// `code` without template parameter lists, attributes and alignments in front.
std::string_view without_prefix(std::string_view code) {
  for (;;) {
    const size_t begin = code.find_first_not_of(" \n");
    if (begin == std::string_view::npos) return {};
    code.remove_prefix(begin);
    size_t at = 0;
    if (code.starts_with("template <")) {
      int depth = 0;
      for (at = 9; at < code.size(); ++at) {
        depth += code[at] == '<';
        depth -= code[at] == '>';
        if (depth == 0) break;
      }
    } else if (code.starts_with("[[")) {
      at = code.find("]]") + 1;
    } else if (code.starts_with("alignas(")) {
      at = code.find(')');
    } else {
      return code;
    }
    code.remove_prefix(std::min(at + 1, code.size()));
  }
}

// What a declaration defines: the word after struct or using, or in front of the first "(", "=",
// "{", "[" or ";" that stands inside no <> and no (); empty where there is none, and for enums,
// whose enumerators are names too.
std::string_view defined_name(std::string_view code) {
  code = without_prefix(code);
  if (code.starts_with("enum ")) return {};
  for (const char* keyword : {"struct ", "class ", "using "}) {
    if (const auto name = word_after(keyword, code); !name.empty()) return name;
  }
  int angles = 0;
  for (size_t at = 0; at < code.size(); ++at) {
    const char c = code[at];
    if (c == '<') {
      ++angles;
    } else if (c == '>') {
      --angles;
    } else if (angles == 0 && std::string_view("(={[;").find(c) != std::string_view::npos) {
      std::string_view before = code.substr(0, at);
      while (before.ends_with(' ')) before.remove_suffix(1);
      if (before.ends_with('>')) before = before.substr(0, before.find('<', before.rfind(' ') + 1));
      return last_word(before);
    }
  }
  return {};
}

enum class Kind {
  kCode,     // a declaration, or preprocessor lines
  kBlank,    // an empty line
  kSection,  // "// --- path" and the comment below it
  kOpen,     // of a namespace
  kClose,
};

struct Declaration {
  std::string text;       // with the comment in front
  std::string code;       // without comments
  std::string_view name;  // empty: it always stays
  Kind kind = Kind::kCode;
};

// Declarations end where a line ends in ";" or "}" outside all braces.
class Splitter {
 public:
  std::vector<Declaration> split(std::string_view kernels) {
    while (!kernels.empty()) {
      const size_t end = std::min(kernels.find('\n'), kernels.size());
      take(kernels.substr(0, end));
      kernels.remove_prefix(std::min(end + 1, kernels.size()));
    }
    finish(Kind::kCode);
    for (Declaration& d : all_) d.name = defined_name(d.code);
    return std::move(all_);
  }

 private:
  void take(std::string_view line) {
    if (in_section_ && line.starts_with("//")) {
      all_.back().text += std::string(line) + "\n";
      return;
    }
    const bool between = current_.code.empty() && conditions_ == 0;
    in_section_ = line.starts_with("// --- ");
    const bool blank = between && line.empty();
    if (in_section_ || blank) finish(Kind::kCode);
    current_.text += std::string(line) + "\n";
    if (in_section_ || blank) {
      finish(in_section_ ? Kind::kSection : Kind::kBlank);
    } else if (line.starts_with("namespace ")) {
      finish(Kind::kOpen);
    } else if (line.starts_with("}  // namespace")) {
      finish(Kind::kClose);
    } else if (line.starts_with("#")) {
      conditions_ += line.starts_with("#if");
      conditions_ -= line.starts_with("#endif");
      if (current_.code.empty() && conditions_ == 0) finish(Kind::kCode);
    } else {
      take_code(without_comment(line));
    }
  }

  void take_code(std::string_view code) {
    const size_t last = code.find_last_not_of(' ');
    if (last == std::string_view::npos) return;
    current_.code += std::string(code) + "\n";
    braces_ += static_cast<int>(std::count(code.begin(), code.end(), '{'));
    braces_ -= static_cast<int>(std::count(code.begin(), code.end(), '}'));
    if (braces_ == 0 && conditions_ == 0 && (code[last] == ';' || code[last] == '}'))
      finish(Kind::kCode);
  }

  void finish(Kind kind) {
    if (current_.text.empty()) return;
    current_.kind = kind;
    all_.push_back(std::move(current_));
    current_ = {};
  }

  std::vector<Declaration> all_;
  Declaration current_;
  int braces_ = 0, conditions_ = 0;
  bool in_section_ = false;
};

class Reachable {
 public:
  explicit Reachable(const std::vector<Declaration>& all) {
    for (const Declaration& d : all) {
      if (!d.name.empty()) by_name_[d.name].push_back(&d);
    }
  }

  void add(std::string_view code) {
    std::vector<std::string_view> waiting = {code};
    while (!waiting.empty()) {
      const std::string_view next = waiting.back();
      waiting.pop_back();
      each_word(next, [&](std::string_view word) {
        const auto found = by_name_.find(word);
        if (found == by_name_.end() || !names_.insert(found->first).second) return;
        for (const Declaration* d : found->second) waiting.push_back(d->code);
      });
    }
  }

  bool contains(const Declaration& d) const { return d.name.empty() || names_.count(d.name) > 0; }

 private:
  std::map<std::string_view, std::vector<const Declaration*>> by_name_;
  std::set<std::string_view> names_;
};

// The text of what is kept, without empty sections and namespaces and without blank lines in a row.
class Joiner {
 public:
  void add(const Declaration& d) {
    if (d.kind == Kind::kBlank) {
      blank_ = true;
      return;
    }
    if (d.kind == Kind::kClose && last() == Kind::kOpen) {
      lines_.pop_back();
      blank_ = true;
      return;
    }
    if (d.kind == Kind::kSection && last() == Kind::kSection) lines_.pop_back();
    lines_.push_back({&d, blank_});
    blank_ = false;
  }

  std::string take() {
    while (last() == Kind::kSection) lines_.pop_back();
    std::string text;
    for (const auto& [d, blank] : lines_) text += (blank && !text.empty() ? "\n" : "") + d->text;
    return text + "\n";
  }

 private:
  Kind last() const { return lines_.empty() ? Kind::kBlank : lines_.back().first->kind; }

  std::vector<std::pair<const Declaration*, bool>> lines_;  // and whether a blank line comes before
  bool blank_ = false;
};

}  // namespace

std::string prune_kernels(std::string_view kernels, std::string_view program) {
  const std::vector<Declaration> all = Splitter().split(kernels);
  Reachable reachable(all);
  reachable.add(program);
  for (const Declaration& d : all) {
    if (d.name.empty()) reachable.add(d.code);
  }
  Joiner kept;
  for (const Declaration& d : all) {
    if (d.kind != Kind::kCode || reachable.contains(d)) kept.add(d);
  }
  return kept.take();
}

}  // namespace onnxc
