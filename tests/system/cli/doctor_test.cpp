// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// qvm doctor on this host, as it is and with one thing taken away; qvm version.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/system/cli/cli_fixture.h"

namespace qvm::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class Doctor : public CliTest {
 protected:
  json doctor(const std::map<std::string, std::optional<std::string>>& environment = {},
              const std::vector<std::string>& through = {}, int status = 0) const {
    const Answer answer =
        sandbox_.qvm(Launch{.words = {"doctor", "--json"}, .environment = environment, .through = through});
    EXPECT_EQ(answer.status, status) << answer.out << answer.err;
    EXPECT_EQ(schema_violations("doctor.schema.json", answer.out), "");
    return json::parse(answer.out, nullptr, false);
  }
  static json find(const json& report, const std::string& id) {
    for (const json& check : report.at("checks")) {
      if (check.at("id") == id) return check;
    }
    ADD_FAILURE() << "no check " << id;
    return {};
  }
  // Programs of these names alone, in a directory that becomes PATH.
  std::string path_with(const std::map<std::string, std::string>& programs) const {
    const std::string directory = sandbox_.directory() + "/path";
    fs::create_directory(directory);
    for (const auto& [name, target] : programs) fs::create_symlink(target, directory + "/" + name);
    return directory;
  }
};

TEST_F(Doctor, FindsThisHostUsable) {
  const json report = doctor();
  EXPECT_EQ(report.at("usable"), true);
  EXPECT_EQ(find(report, "qemu-x86_64").at("state"), "ok") << report;
  EXPECT_EQ(find(report, "libvirt").at("state"), "ok") << report;
  EXPECT_EQ(find(report, "start").at("state"), "ok") << report;
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(Doctor, PrintsALineForEachCheck) {
  const Answer answer = sandbox_.qvm({"doctor"});
  EXPECT_EQ(answer.status, 0) << answer.out << answer.err;
  EXPECT_EQ(answer.err, "");
  EXPECT_THAT(answer.out, AllOf(StartsWith("ok       installation"), HasSubstr("\nok       libvirt ")));
}

TEST_F(Doctor, LeavesNoRuntimeDirectoryBehind) {
  const std::map<std::string, std::optional<std::string>> no_qemu = {{"PATH", path_with({})}};
  doctor(no_qemu, {}, 1);
  EXPECT_FALSE(fs::exists(sandbox_.runtime()));
}

TEST_F(Doctor, SaysThatThereIsNoQemu) {
  const json report = doctor({{"PATH", path_with({})}}, {}, 1);
  EXPECT_EQ(report.at("usable"), false);
  const json check = find(report, "qemu-x86_64");
  EXPECT_EQ(check.at("state"), "error");
  EXPECT_EQ(check.at("found"), "there is no qemu-system-x86_64 in PATH");
}

// A program that is no QEMU, however content it is with everything.
TEST_F(Doctor, TriesWhetherVmhostComesUp) {
  const json report = doctor({{"PATH", path_with({{"qemu-system-x86_64", "/bin/true"}})}}, {}, 1);
  const json check = find(report, "qemu-x86_64");
  EXPECT_EQ(check.at("state"), "error");
  EXPECT_THAT(check.at("found").get<std::string>(),
              HasSubstr("path/qemu-system-x86_64): it ended with status 0"));
}

TEST_F(Doctor, SaysThatTheRuntimeDirectoryCannotBeUsed) {
  const std::string file = sandbox_.add("file", "");
  const json report = doctor({{"QVM_RUNTIME_DIR", file}}, {}, 1);
  const json check = find(report, "runtime-directory");
  EXPECT_EQ(check.at("state"), "error");
  EXPECT_THAT(check.at("found").get<std::string>(), HasSubstr("'" + file + "' is not a directory"));
}

TEST_F(Doctor, NotesACacheThatDoesNotLast) {
  const json check = find(doctor({{"QVM_CACHE_DIR", "/proc/self/qvm-cache"}}), "cache");
  EXPECT_EQ(check.at("state"), "note");
  EXPECT_THAT(check.at("found").get<std::string>(), HasSubstr("'" + sandbox_.runtime() + "/cache' is used"));
}

TEST_F(Doctor, WarnsOfLowLimits) {
  const json report = doctor({}, {"/usr/bin/prlimit", "--nofile=300:300", "--nproc=400:400"});
  EXPECT_EQ(find(report, "open-files").at("state"), "warning");
  EXPECT_EQ(find(report, "open-files").at("found"), "up to 300 per process (RLIMIT_NOFILE)");
  EXPECT_EQ(find(report, "processes").at("state"), "warning");
}

TEST_F(Doctor, VersionNamesWhatVmsRunWith) {
  const Answer text = sandbox_.qvm({"version"});
  EXPECT_EQ(text.status, 0) << text.err;
  EXPECT_THAT(text.out, AllOf(StartsWith("qvm "), HasSubstr("\nQEMU for x86_64: "), HasSubstr("\nlibvirt: "),
                              HasSubstr(" (built with "), HasSubstr("\nKVM: ")));
  const Answer answer = sandbox_.qvm({"version", "--json"});
  EXPECT_EQ(schema_violations("version.schema.json", answer.out), "");
  EXPECT_EQ(json::parse(answer.out).at("qemu").at(0).at("architecture"), "x86_64");
}

}  // namespace
}  // namespace qvm::test
