// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "config/manifest/host_map.h"
#include "config/model/network.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kHostPath;

namespace {

std::string last_part(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

// The entry that would translate it, as a manifest has it.
std::string entry_for(std::string_view path) {
  const std::string name = last_part(path);
  if (is_host_peer(path)) return fmt::format("\"{}\": {{user-mode: true}}", path);
  for (const char* terminal : {"/dev/ser", "/dev/con", "/dev/tty"}) {
    if (path.starts_with(terminal)) return fmt::format("\"{}\": {}.log", path, name);
  }
  return fmt::format("\"{}\": disks/{}.img", path, name);
}

class CheckerH04 {
 public:
  CheckerH04(const RuleInput& input, DiagnosticSink& sink) : x_input(input), x_sink(sink) {}

  void run() {
    for (const CheckedVm& vm : x_input.vms) {
      for (const ParsedOption& item : vm.tree.items) check_item(item);
    }
    if (x_input.manifest != nullptr) check_unused(*x_input.manifest);
  }

 private:
  void check_item(const ParsedOption& item) {
    for (std::size_t i = 0; i < item.arguments.size(); ++i) {
      const Word& word = item.arguments[i];
      if (item.spec->arguments[i].type != ArgumentType::host_path || word.unresolved) continue;
      const HostPath path = split_host_path(word.text);
      if (path.path.empty()) continue;
      if (x_input.manifest != nullptr && find_host_map(*x_input.manifest, path.path) != nullptr) {
        x_used.insert(std::string(path.path));
      } else if (is_qnx_host_path(path.path) && !is_another_rules(path.path) &&
                 !x_input.reader.facts(path.path)) {
        report(path.path, word.part(path.prefix, word.text.size()));
      }
    }
  }

  // The end of another VM's network is E02's to judge, and the end of a terminal that programs open E07's;
  // the other end of a terminal is made.
  static bool is_another_rules(std::string_view path) {
    return path.starts_with("/dev/qvm/") || path.starts_with("/dev/ttyp") || path.starts_with("/dev/ptyp");
  }

  void report(std::string_view path, const SourceRange& where) {
    const std::string entry = entry_for(path);
    std::string help;
    if (x_input.manifest == nullptr) {
      help = fmt::format("say what stands for it here, in a manifest: 'host-map: {{{}}}'", entry);
    } else if (x_input.manifest->host_map.empty()) {
      help = fmt::format("say what stands for it here: add 'host-map: {{{}}}' to the manifest", entry);
    } else {
      help = fmt::format("say what stands for it here: add '{}' to 'host-map' of the manifest", entry);
    }
    const char* what = is_host_peer(path)
                           ? "a network of a QNX host, for which nothing stands here: nobody is "
                             "at the other end"
                           : "a path of a QNX host, which this host does not have";
    x_sink.add(finding(kHostPath, where, fmt::format("'{}' is {}", path, what), std::move(help)));
  }

  void check_unused(const SystemConfig& manifest) {
    for (const HostMapEntry& entry : manifest.host_map) {
      if (x_used.contains(entry.path.value)) continue;
      x_sink.add(finding(kHostPath, entry.path.where,
                         fmt::format("no configuration names the host path '{}'", entry.path.value),
                         "correct it, or leave the entry out"));
    }
  }

  const RuleInput& x_input;
  DiagnosticSink& x_sink;
  std::set<std::string, std::less<>> x_used;
};

void check_h04(const RuleInput& input, DiagnosticSink& sink) {
  CheckerH04(input, sink).run();
}

}  // namespace

const Rule kHostPath{.id = "H04",
                     .severity = Severity::warning,
                     .title = "path of a QNX host that nothing here stands for",
                     .documentation =
                         "Configurations name disks, serial ports and networks of the QNX host they were "
                         "written for. 'host-map' in "
                         "the manifest says what stands for them on this host. Entries that no configuration "
                         "needs are reported, "
                         "too.",
                     .wrong = {"system left\nram 64M\nvdev ser8250 hostdev /dev/ser1\n"},
                     .right = {"system left\nram 64M\nvdev ser8250 hostdev -\n"},
                     .check = check_h04,
                     .about_host = true};

}  // namespace qvm::config
