// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <ostream>
#include <string_view>

#include "config/language/option_table.h"
#include "qvm/cli/exit_codes.h"
#include "tools/lint/mistyped.h"

namespace qvm::cli {

namespace {

constexpr const char* kDescription =
    "Runs QNX-Hypervisor-style virtual machines with shared memory on Linux.";

constexpr const char* kExamples =
    "Examples:\n"
    "  A set of VMs from a manifest, consoles on the terminal:\n    qvm up system.yaml\n"
    "  The same without a manifest, in the background:\n    qvm up --detach left.qvmconf right.qvmconf\n"
    "  One VM as QNX's qvm starts it:\n    qvm @guest.qvmconf set exit-on-halt off\n"
    "  What would be started:\n    qvm plan left.qvmconf\n\n"
    "'qvm COMMAND --help' tells more about a command.\n";

constexpr std::uint32_t kMaxTimeoutSeconds = 3600;

void add_runtime_directory(CLI::App& app, CommonOptions& common) {
  app.add_option("--runtime-dir", common.runtime_directory,
                 "Where sockets, logs and state are (default: QVM_RUNTIME_DIR, else /run/qvm as root and "
                 "$XDG_RUNTIME_DIR/qvm otherwise, or without it /tmp/qvm-UID)")
      ->type_name("DIR");
}

void add_launch_options(CLI::App& app, CommonOptions& common) {
  static const std::map<std::string, config::Accelerator> kAccelerators = {
      {"kvm", config::Accelerator::kvm},
      {"tcg", config::Accelerator::tcg},
      {"auto", config::Accelerator::automatic}};
  add_runtime_directory(app, common);
  app.add_option_function<std::string>(
         "--accel", [&common](const std::string& name) { common.accelerator = kAccelerators.at(name); },
         "kvm, tcg (emulation) or auto: KVM where it can be used")
      ->check(CLI::IsMember({"kvm", "tcg", "auto"}))
      ->type_name("ACCEL");
  app.add_option("--libvirt-uri", common.libvirt_uri,
                 "A local libvirt connection instead of our own embedded one")
      ->type_name("URI");
  app.add_option_function<std::string>(
         "--qnx-version",
         [&common](const std::string& version) {
           common.qnx_version = config::parse_qnx_version(version).value_or(config::kDefaultQnxVersion);
         },
         "Version of QNX whose language is meant: 7.0, 7.1 or 8.0 (the default)")
      ->check(CLI::IsMember({"7.0", "7.1", "8.0"}))
      ->type_name("VERSION");
  app.add_option("--plugin-dir", common.plugin_directories,
                 "Directory with tables and objects of further vdevs")
      ->type_name("DIR")
      ->allow_extra_args(false);
}

void add_timeout(CLI::App& app, std::uint32_t& seconds) {
  app.add_option("--timeout", seconds,
                 "Seconds that guests may take to power off by themselves (default 0: end them)")
      ->check(CLI::Range(0U, kMaxTimeoutSeconds))
      ->type_name("SECONDS");
}

// A word of the configuration language, or a file of it: then the words are one VM's, as for QNX's qvm.
bool starts_single_vm(std::string_view word) {
  if (word.starts_with('@')) return true;
  const auto tables = config::TableSet::shipped();
  return tables && tables->vm().find(word) != nullptr;
}

class Parser {
 public:
  explicit Parser(Options& options) : x_options(options), x_app(kDescription, "qvm") {
    x_app.footer(kExamples);
    x_app.require_subcommand(1);
    add_launches();
    add_questions();
  }

  // word: where a command should be; empty if options come first.
  std::optional<Options> parse(std::string_view word, int argc, const char* const* argv, std::ostream& out,
                               std::ostream& err, int& status) {
    if (!word.empty() && !is_command(word)) {
      err << "qvm: " << lint::describe_unknown_command(word, x_commands) << "\nTry 'qvm --help'.\n";
      status = kUsage;
      return std::nullopt;
    }
    try {
      x_app.parse(argc, argv);
    } catch (const CLI::Success& success) {
      x_app.exit(success, out, err);
      status = kOk;
      return std::nullopt;
    } catch (const CLI::ParseError& error) {
      err << "qvm: " << lint::describe_parse_error(x_app, error) << "\nTry 'qvm --help'.\n";
      status = kUsage;
      return std::nullopt;
    }
    x_options.timeout_ms = x_timeout_seconds * 1000;
    if (x_options.json) x_options.form = PlanForm::json;
    if (x_xml) x_options.form = PlanForm::xml;
    return x_options;
  }

 private:
  CLI::App& add(Command command, const char* name, const char* help, const char* examples) {
    CLI::App& app = *x_app.add_subcommand(name, help);
    x_commands.emplace_back(name);
    app.footer(std::string("Examples:\n") + examples);
    app.callback([this, command] { x_options.command = command; });
    return app;
  }

  bool is_command(std::string_view word) const {
    return std::find(x_commands.begin(), x_commands.end(), word) != x_commands.end();
  }

  void add_launches() {
    CLI::App& up =
        add(Command::up, "up", "Start a set of VMs and show their consoles until they end",
            "  qvm up system.yaml\n  qvm up --accel tcg left.qvmconf right.qvmconf\n"
            "  qvm up --detach system.yaml && qvm logs -f left\n\n"
            "Ctrl-C stops the VMs in order. Exit status: 0 all ended by themselves, 65 the "
            "configuration has\nerrors, 64 nothing could be started, 4 to 7 and 96 how a VM failed, "
            "74 output could not\nbe written, 130 interrupted.\n");
    up.add_option("file", x_options.words, "A manifest (*.yaml) or configurations (*.qvmconf)")
        ->required()
        ->type_name("FILE");
    add_launch_options(up, x_options.common);
    up.add_flag("-d,--detach", x_options.detach, "Return when all VMs run");
    add_timeout(up, x_timeout_seconds);
    CLI::App& plan = add(Command::plan, "plan", "Show what would be started: memory, interrupts, domain",
                         "  qvm plan guest.qvmconf\n  qvm plan --xml guest.qvmconf\n"
                         "  qvm plan --json system.yaml\n");
    plan.add_option("file", x_options.words,
                    "A manifest (*.yaml), configurations (*.qvmconf) or one VM's words")
        ->required()
        ->type_name("FILE");
    add_launch_options(plan, x_options.common);
    auto* json = plan.add_flag("--json", x_options.json, "As JSON (schemas/plan.schema.json)");
    plan.add_flag("--xml", x_xml, "The domain that libvirt is given")->excludes(json);
    CLI::App& down = add(Command::down, "down", "Stop VMs, all or those named",
                         "  qvm down\n  qvm down --timeout 5 left\n");
    down.add_option("name", x_options.words, "VMs")->type_name("NAME");
    add_runtime_directory(down, x_options.common);
    add_timeout(down, x_timeout_seconds);
  }

  void add_questions() {
    CLI::App& ps = add(Command::ps, "ps", "List VMs with their states", "  qvm ps\n  qvm ps --json\n");
    add_runtime_directory(ps, x_options.common);
    ps.add_flag("--json", x_options.json, "As JSON (schemas/ps.schema.json)");
    CLI::App& console =
        add(Command::console, "console", "Talk to a VM's console; Ctrl-] leaves it", "  qvm console left\n");
    console.add_option("name", x_options.words, "The VM")->required()->expected(1)->type_name("NAME");
    add_runtime_directory(console, x_options.common);
    CLI::App& logs = add(Command::logs, "logs", "Print what a VM wrote to its console",
                         "  qvm logs left\n  qvm logs -f left\n");
    logs.add_option("name", x_options.words, "The VM")->required()->expected(1)->type_name("NAME");
    logs.add_flag("-f,--follow", x_options.follow, "Go on as the guest writes, until Ctrl-C");
    add_runtime_directory(logs, x_options.common);
    add_regions();
    add_host_questions();
    // Only for the list of commands: these parse their words themselves.
    add(Command::lint, "lint", "Check configurations, as qvm-lint does",
        "  qvm lint left.qvmconf right.qvmconf\n");
    add(Command::fmt, "fmt", "Bring configurations into their canonical layout",
        "  qvm fmt left.qvmconf right.qvmconf\n  qvm fmt --check machines/\n");
  }

  void add_host_questions() {
    CLI::App& version = add(Command::version, "version", "Print the versions of qvm, QEMU and libvirt",
                            "  qvm version\n  qvm version --json\n");
    version.add_flag("--json", x_options.json, "As JSON (schemas/version.schema.json)");
    CLI::App& doctor = add(Command::doctor, "doctor", "Check whether VMs can start on this host",
                           "  qvm doctor\n  qvm doctor --json\n\n"
                           "Exit status: 0 VMs can start, 1 they cannot.\n");
    add_runtime_directory(doctor, x_options.common);
    doctor.add_flag("--json", x_options.json, "As JSON (schemas/doctor.schema.json)");
  }

  void add_regions() {
    CLI::App& regions = add(Command::regions, "regions", "List shared regions and who is attached",
                            "  qvm regions\n  qvm regions --json\n  qvm regions explain left moo\n");
    add_runtime_directory(regions, x_options.common);
    regions.add_flag("--json", x_options.json, "As JSON (schemas/regions.schema.json)");
    CLI::App& explain = *regions.add_subcommand("explain", "Tell which line allows or forbids an attach");
    regions.callback(
        [this, &explain] { x_options.command = explain.parsed() ? Command::explain : Command::regions; });
    explain.footer(
        "Examples:\n"
        "  May VM 'left' attach to 'moo'?\n    qvm regions explain left moo\n"
        "  The same for one of its vdevs, before anything runs:\n"
        "    qvm regions explain --file system.yaml left/shmem0 moo\n"
        "  May a host program of this user:\n    qvm regions explain --uid nobody moo\n");
    explain
        .add_option("who", x_options.words,
                    "The VM or VM/VDEV (none: a host program), and the region as it would write its name")
        ->required()
        ->expected(1, 2)
        ->type_name("[VM] REGION");
    add_runtime_directory(explain, x_options.common);
    explain.add_option("--file", x_options.file, "Ask about this manifest or configuration, not what runs")
        ->type_name("FILE");
    explain.add_option("--uid", x_options.account, "User of the host program (default: you)")
        ->type_name("ACCOUNT");
    explain
        .add_option("--pages", x_options.pages, "Pages asked for; 0: only if the region exists (default 1)")
        ->type_name("PAGES");
    explain.add_flag("--json", x_options.json, "As JSON (schemas/explanation.schema.json)");
  }

  Options& x_options;
  CLI::App x_app;
  std::vector<std::string_view> x_commands;  // all names
  std::uint32_t x_timeout_seconds = 0;
  bool x_xml = false;
};

// qvm's own options stand before QNX's words: "qvm --accel tcg @guest.qvmconf cpu".
std::optional<Options> parse_single(int argc, const char* const* argv, int first, std::ostream& err,
                                    int& status) {
  Options options;
  options.command = Command::single;
  CLI::App app(kDescription, "qvm");
  add_launch_options(app, options.common);
  std::vector<std::string> own(argv + 1, argv + first);
  try {
    std::reverse(own.begin(), own.end());  // CLI11 takes a vector from its back
    app.parse(std::move(own));
  } catch (const CLI::ParseError& error) {
    err << "qvm: " << lint::describe_parse_error(app, error) << "\nTry 'qvm --help'.\n";
    status = kUsage;
    return std::nullopt;
  }
  options.words.assign(argv + first, argv + argc);
  return options;
}

// Index of the word that decides what is meant: the first that is neither one of qvm's options nor such an
// option's value.
int first_word(int argc, const char* const* argv) {
  int i = 1;
  while (i < argc && argv[i][0] == '-') {
    const std::string_view word = argv[i];
    if (word == "--help" || word == "-h") break;
    i += word.find('=') == std::string_view::npos ? 2 : 1;
  }
  return i;
}

}  // namespace

std::optional<Options> parse_options(int argc, const char* const* argv, std::ostream& out, std::ostream& err,
                                     int& exit_status) {
  const int first = first_word(argc, argv);
  const std::string_view name = first < argc ? argv[first] : "";
  if (name == "lint" || name == "fmt") {
    Options own;
    own.command = name == "lint" ? Command::lint : Command::fmt;
    own.words.assign(argv + first + 1, argv + argc);
    return own;
  }
  if (first < argc && starts_single_vm(argv[first])) return parse_single(argc, argv, first, err, exit_status);
  Options options;
  const bool command_first = first == 1 && !name.starts_with('-');
  return Parser(options).parse(command_first ? name : "", argc, argv, out, err, exit_status);
}

}  // namespace qvm::cli
