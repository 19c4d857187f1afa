// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/model/options.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kGicOptions;

namespace {

constexpr std::uint64_t kFewestLpis = 8192;
constexpr std::uint64_t kMostLpis = 65536;

class CheckerD08 {
 public:
  CheckerD08(const Vdev& gic, DiagnosticSink& sink) : x_gic(gic), x_sink(sink) {}

  void run() {
    version();
    excludes("gicc", "belongs to version 2");
    excludes("msi", "is a frame of version 2");
    lpis();
  }

 private:
  const Argument* argument(std::string_view option) const { return find_argument(x_gic.options, option); }

  // Why it is known to be a version 3; nullptr: it is not known.
  const Argument* version3() const {
    const Argument* version = argument("version");
    if (version != nullptr && number_of(*version, NumberKind::plain) == 3U) return version;
    const Argument* frames = argument("gicr");
    return frames != nullptr ? frames : argument("its");
  }

  void version() {
    const Argument* version = argument("version");
    if (version == nullptr) return;
    const auto number = number_of(*version, NumberKind::plain);
    if (!number) return;
    // Of 4 QNX says that it is read, but not supported.
    if (*number != 2 && *number != 3) {
      x_sink.add(finding(kGicOptions, version->where,
                         fmt::format("a gic of version {} cannot be had", *number), "write 2 or 3"));
    }
    if (*number != 2) return;
    for (const char* option : {"gicr", "its"}) {
      const Argument* other = argument(option);
      if (other == nullptr) continue;
      Diagnostic diagnostic =
          finding(kGicOptions, other->where, fmt::format("a gic of version 2 has no '{}'", option),
                  "write 'version 3', or leave it away");
      diagnostic.notes.push_back({version->where, "its version is given here"});
      x_sink.add(std::move(diagnostic));
    }
  }

  void excludes(const char* option, const char* why) {
    const Argument* given = argument(option);
    const Argument* reason = version3();
    if (given == nullptr || reason == nullptr) return;
    Diagnostic diagnostic = finding(
        kGicOptions, given->where, fmt::format("'{}' {}, and this gic has version 3", option, why),
        std::string_view(option) == "msi" ? "use 'its' and 'num-lpis' for messages" : "leave it away");
    diagnostic.notes.push_back({reason->where, "this makes it a version 3"});
    x_sink.add(std::move(diagnostic));
  }

  void lpis() {
    const Argument* its = argument("its");
    const Argument* count = argument("num-lpis");
    if (its != nullptr && count == nullptr) {
      x_sink.add(finding(kGicOptions, its->where, "'its' has no 'num-lpis' with it",
                         fmt::format("add 'num-lpis COUNT', from {} to {}", kFewestLpis, kMostLpis)));
    }
  }

  const Vdev& x_gic;
  DiagnosticSink& x_sink;
};

void check_d08(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const Vdev& vdev : vm.model.vdevs) {
      if (vdev.type == "gic") CheckerD08(vdev, sink).run();
    }
  }
}

}  // namespace

const Rule kGicOptions{
    .id = "D08",
    .severity = Severity::error,
    .title = "options of the gic that do not fit together",
    .documentation =
        "gicr and its make a gic one of version 3, gicc and msi are for version 2. its needs num-lpis, from "
        "8192 to "
        "65536. Other versions than 2 and 3 are not supported.",
    .wrong = {"system left\nram 0x80000000,64M\nvdev gic version 3 its 0x2f020000\n"},
    .right = {"system left\nram 0x80000000,64M\nvdev gic version 3 its 0x2f020000 num-lpis 8192\n"},
    .check = check_d08};

}  // namespace qvm::config
