// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <map>

#include "config/language/file_words.h"
#include "config/manifest/host_map.h"
#include "config/model/options.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kSharedDirectory;

namespace {

void check_device(const Vdev& vdev, const CheckedVm& vm, const RuleInput& input, DiagnosticSink& sink) {
  const Argument* path = find_argument(vdev.options, "host_path");
  if (path == nullptr || path->text.empty()) return;
  const HostMapEntry* mapped =
      input.manifest == nullptr ? nullptr : find_host_map(*input.manifest, path->text);
  const auto facts =
      input.reader.facts(mapped == nullptr ? path_from(vm.directory, path->text)
                                           : path_from(input.manifest->directory, mapped->target.value));
  if (facts && facts->directory) return;
  sink.add(finding(kSharedDirectory, path->where,
                   facts ? fmt::format("'{}' is not a directory", path->text)
                         : fmt::format("there is no '{}' on this host", path->text),
                   "name a directory of the host"));
}

void check_e14(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    std::map<std::string, SourceRange> tags;
    for (const Vdev& vdev : vm.model.vdevs) {
      if (vdev.type != "virtio-fs") continue;
      check_device(vdev, vm, input, sink);
      const Argument* tag = find_argument(vdev.options, "tag");
      if (tag == nullptr) continue;
      const auto [place, fresh] = tags.try_emplace(tag->text, tag->where);
      if (fresh) continue;
      Diagnostic diagnostic =
          finding(kSharedDirectory, tag->where, fmt::format("two virtio-fs have the tag '{}'", tag->text),
                  "give each a tag of its own: the guest finds only one of them");
      diagnostic.notes.push_back({place->second, "the other one"});
      sink.add(std::move(diagnostic));
    }
  }
}

}  // namespace

const Rule kSharedDirectory{.id = "E14",
                            .severity = Severity::warning,
                            .title = "virtio-fs that the guest cannot mount",
                            .documentation =
                                "A virtio-fs needs a directory of the host, and a tag by which the guest "
                                "mounts it and which no other one of "
                                "its VM has.",
                            .wrong = {"system left\nram 64M\nvdev virtio-fs host_path shared tag data\nvdev "
                                      "virtio-fs host_path shared tag data\n"},
                            .right = {"system left\nram 64M\nvdev virtio-fs host_path shared tag data\nvdev "
                                      "virtio-fs host_path shared tag more\n"},
                            .check = check_e14};

}  // namespace qvm::config
