// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/manifest/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "config/text/utf8.h"

namespace qvm::config {
namespace {

constexpr const char* kSyntaxRule = "manifest-syntax";
constexpr const char* kDuplicateRule = "manifest-duplicate";

// Ends the parser from inside an event; its findings are in the sink already.
struct GiveUp {};

// Builds the tree from the parser's events. The library's own tree is not used: it drops duplicate keys,
// follows aliases and has no place for ends.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(SourceId source, std::string_view text, DiagnosticSink& sink)
      : x_source(source), x_text(text), x_sink(sink) {}

  YamlNode take_root() { return std::move(x_root); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override { close(); }

 private:
  // A collection being filled, and the key that waits for its value.
  struct Open {
    YamlNode node;
    std::optional<YamlEntry> entry;
    std::unordered_map<std::string, SourceRange> keys;  // and where each was first
  };

  SourceRange at(const YAML::Mark& mark, std::size_t length) const;
  SourceRange scalar_range(const YAML::Mark& mark, bool quoted, const std::string& value) const;
  void error(const SourceRange& where, std::string message, std::string help = "");
  void check_properties(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor);
  void count(const YAML::Mark& mark);
  void open(const YAML::Mark& mark, YamlNode::Kind kind);
  void close();
  void put(YamlNode node);
  void put_key(Open& open, YamlNode node);

  SourceId x_source;
  std::string_view x_text;
  DiagnosticSink& x_sink;
  std::vector<Open> x_open;
  YamlNode x_root;
  std::size_t x_nodes = 0;
};

SourceRange TreeBuilder::at(const YAML::Mark& mark, std::size_t length) const {
  const auto begin = std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), x_text.size());
  const auto end = std::min(begin + length, x_text.size());
  return {x_source, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
}

void TreeBuilder::error(const SourceRange& where, std::string message, std::string help) {
  Diagnostic finding;
  finding.rule = kSyntaxRule;
  finding.where = where;
  finding.message = std::move(message);
  finding.help = std::move(help);
  x_sink.add(std::move(finding));
}

// The library tells only where a scalar starts.
SourceRange TreeBuilder::scalar_range(const YAML::Mark& mark, bool quoted, const std::string& value) const {
  SourceRange range = at(mark, 1);
  const char quote = x_text[range.begin];
  if (!quoted) {
    const std::size_t line_end = std::min(x_text.find_first_of("\r\n", range.begin), x_text.size());
    range.end = static_cast<std::uint32_t>(std::min<std::size_t>(range.begin + value.size(), line_end));
    return range;
  }
  if (quote != '"' && quote != '\'') return range;  // a block: its '|' or '>'
  ++range.begin;
  std::size_t end = range.begin;
  while (end < x_text.size() && x_text[end] != '\n' && x_text[end] != '\r') {
    if (quote == '"' && x_text[end] == '\\') {
      end = std::min(end + 2, x_text.size());
      continue;
    }
    if (x_text[end] != quote) {
      ++end;
      continue;
    }
    const bool doubled = quote == '\'' && x_text.substr(end + 1, 1) == "'";
    if (!doubled) break;
    end += 2;
  }
  range.end = static_cast<std::uint32_t>(end);
  return range;
}

void TreeBuilder::check_properties(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
  const SourceRange where = at(mark, 1);
  if (anchor != 0) {
    error(where, "anchors are not allowed in a manifest", "write the value out wherever it is needed");
  }
  // "?" and "!" are what the library calls a scalar without a tag, plain or quoted.
  const bool written = x_text.substr(where.begin, 1) == "!";
  if (written || (!tag.empty() && tag != "?" && tag != "!")) {
    error(where, "tags are not allowed in a manifest", "leave it out: every key knows its kind of value");
  }
}

void TreeBuilder::count(const YAML::Mark& mark) {
  if (++x_nodes <= kYamlMaxNodes) return;
  error(at(mark, 1), fmt::format("a manifest has at most {} values", kYamlMaxNodes));
  throw GiveUp{};
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t) {
  error(at(mark, 1), "aliases are not allowed in a manifest", "write the value out wherever it is needed");
  count(mark);
  YamlNode node;
  node.where = at(mark, 1);
  put(std::move(node));
}

void TreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  check_properties(mark, "", anchor);
  count(mark);
  YamlNode node;
  node.where = at(mark, 0);
  put(std::move(node));
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  check_properties(mark, tag, anchor);
  count(mark);
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.quoted = tag == "!";
  node.text = value;
  node.where = scalar_range(mark, node.quoted, value);
  node.verbatim = x_text.substr(node.where.begin, node.where.end - node.where.begin) == value;
  put(std::move(node));
}

void TreeBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                                  YAML::EmitterStyle::value) {
  check_properties(mark, tag, anchor);
  open(mark, YamlNode::Kind::sequence);
}

void TreeBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                             YAML::EmitterStyle::value) {
  check_properties(mark, tag, anchor);
  open(mark, YamlNode::Kind::mapping);
}

void TreeBuilder::open(const YAML::Mark& mark, YamlNode::Kind kind) {
  count(mark);
  if (x_open.size() >= kYamlMaxDepth) {
    error(at(mark, 1), fmt::format("a manifest is nested at most {} levels deep", kYamlMaxDepth));
    throw GiveUp{};
  }
  Open opened;
  opened.node.kind = kind;
  opened.node.where = at(mark, 1);
  x_open.push_back(std::move(opened));
}

void TreeBuilder::close() {
  YamlNode node = std::move(x_open.back().node);
  x_open.pop_back();
  put(std::move(node));
}

void TreeBuilder::put(YamlNode node) {
  if (x_open.empty()) {
    x_root = std::move(node);
    return;
  }
  Open& open = x_open.back();
  if (open.node.kind == YamlNode::Kind::sequence) {
    open.node.items.push_back(std::move(node));
  } else if (!open.entry) {
    put_key(open, std::move(node));
  } else {
    open.entry->value = std::move(node);
    const auto [before, added] = open.keys.emplace(open.entry->key, open.entry->key_where);
    if (added) {
      open.node.entries.push_back(std::move(*open.entry));
    } else {
      Diagnostic finding;
      finding.rule = kDuplicateRule;
      finding.where = open.entry->key_where;
      finding.message = fmt::format("'{}' is given twice", open.entry->key);
      finding.notes.push_back({before->second, "the first one is here"});
      x_sink.add(std::move(finding));
    }
    open.entry.reset();
  }
}

void TreeBuilder::put_key(Open& open, YamlNode node) {
  if (node.kind != YamlNode::Kind::scalar) {
    error(node.where, fmt::format("a key must be text, not {}", node.kind_name()));
    throw GiveUp{};
  }
  open.entry.emplace();
  open.entry->key = std::move(node.text);
  open.entry->key_where = node.where;
}

class YamlReader {
 public:
  YamlReader(SourceId source, const SourceSet& sources, DiagnosticSink& sink)
      : x_source(source), x_text(sources.text(source)), x_sink(sink), x_builder(source, x_text, sink) {}

  std::optional<YamlNode> run();

 private:
  bool check_text();
  bool fail(std::size_t offset, std::size_t length, std::string message, std::string help = "");

  SourceId x_source;
  std::string_view x_text;
  DiagnosticSink& x_sink;
  TreeBuilder x_builder;
};

bool YamlReader::fail(std::size_t offset, std::size_t length, std::string message, std::string help) {
  const std::size_t begin = std::min(offset, x_text.size());
  const std::size_t end = std::min(begin + length, x_text.size());
  Diagnostic finding;
  finding.rule = kSyntaxRule;
  finding.where = {x_source, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  finding.message = std::move(message);
  finding.help = std::move(help);
  x_sink.add(std::move(finding));
  return false;
}

// What the library would skip, stop at or replace without a word, shifting every place after it.
bool YamlReader::check_text() {
  if (x_text.size() > kYamlMaxBytes) {
    return fail(
        0, 0, fmt::format("a manifest has at most {} bytes; this one has {}", kYamlMaxBytes, x_text.size()));
  }
  if (x_text.starts_with("\xef\xbb\xbf"))
    return fail(0, 3, "the file starts with a byte order mark", "remove it");
  const std::size_t bad = find_non_text(x_text, "\t\r\n");
  if (bad != std::string_view::npos) {
    return fail(bad, 1, fmt::format("byte {:#04x} is not text", static_cast<unsigned char>(x_text[bad])),
                "a manifest is UTF-8 text");
  }
  for (std::size_t line = 0; line < x_text.size();) {
    if (x_text[line] == '%')
      return fail(line, 1, "directives are not allowed in a manifest", "remove this line");
    const std::size_t end = std::min(x_text.find('\n', line), x_text.size());
    if (end - line > kYamlMaxLine) {
      return fail(
          line, 0,
          fmt::format("a line of a manifest has at most {} bytes; this one has {}", kYamlMaxLine, end - line),
          "break the line");
    }
    line = end + 1;
  }
  return true;
}

std::optional<YamlNode> YamlReader::run() {
  if (!check_text()) return std::nullopt;
  std::istringstream stream{std::string(x_text)};
  try {
    YAML::Parser parser(stream);
    parser.HandleNextDocument(x_builder);
    YamlNode root = x_builder.take_root();
    TreeBuilder rest(x_source, x_text, x_sink);
    const std::size_t errors = x_sink.count(Severity::error);
    if (parser.HandleNextDocument(rest) && x_sink.count(Severity::error) == errors) {
      fail(rest.take_root().where.begin, 1, "a manifest is one document; this starts another one");
    }
    return root;
  } catch (const GiveUp&) {
    return std::nullopt;
  } catch (const YAML::Exception& problem) {
    fail(static_cast<std::size_t>(std::max(problem.mark.pos, 0)), 1, "not valid YAML: " + problem.msg);
    return std::nullopt;
  } catch (const std::exception& problem) {
    fail(0, 0, std::string("not readable as YAML: ") + problem.what());
    return std::nullopt;
  }
}

}  // namespace

std::string_view YamlNode::kind_name() const {
  switch (kind) {
    case Kind::null:
      return "nothing";
    case Kind::scalar:
      return "text";
    case Kind::sequence:
      return "a list";
    case Kind::mapping:
      return "a mapping";
  }
  return "";
}

std::optional<YamlNode> parse_yaml(SourceId source, const SourceSet& sources, DiagnosticSink& sink) {
  return YamlReader(source, sources, sink).run();
}

}  // namespace qvm::config
