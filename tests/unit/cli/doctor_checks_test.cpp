// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Each precondition of an invented host, met and not.
#include "qvm/cli/doctor_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <set>

namespace qvm::cli {
namespace {

using config::Architecture;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

// A host on which everything is there.
DoctorFacts good_host() {
  DoctorFacts facts;
  facts.user = "root";
  facts.packages = DoctorFacts::Packages::apt;
  facts.kvm = {.owners = "root:kvm 0660",
               .group = "kvm",
               .cpu_can = true,
               .module = "kvm_intel",
               .module_loaded = true};
  facts.qemu = {{.architecture = Architecture::x86_64,
                 .program = "/usr/bin/qemu-system-x86_64",
                 .version = "7.2.22",
                 .accelerator = "KVM"},
                {.architecture = Architecture::aarch64,
                 .program = "/usr/bin/qemu-system-aarch64",
                 .version = "7.2.22",
                 .accelerator = "TCG"}};
  facts.libvirt = {.library = "9.0.0", .compiled = "9.0.0"};
  facts.firmware = "/usr/share/qemu/qboot.rom";
  facts.runtime = {.path = "/run/qvm", .longest_name = 64};
  facts.cache = {.directory = "/var/cache/qvm"};
  facts.memory_bytes = 8 * kGiB;
  facts.available_bytes = 6 * kGiB;
  facts.transparent_shmem = "never";
  facts.huge_page_bytes = 2 * 1024 * 1024;
  facts.vm_users = {.kind = VmUserFacts::Kind::own_range, .text = "2013265920-2080374783"};
  facts.virtiofsd = "/usr/lib/qemu/virtiofsd";
  facts.start = StartFacts{.seconds = 0.75};
  return facts;
}

// The same for somebody who is not root.
DoctorFacts users_host() {
  DoctorFacts facts = good_host();
  facts.uid = 1000;
  facts.user = "ann";
  facts.vm_users = {};
  return facts;
}

Check find(const DoctorFacts& facts, const std::string& id) {
  for (const Check& check : examine(facts)) {
    if (check.id == id) return check;
  }
  ADD_FAILURE() << "no check " << id;
  return {};
}

std::string remedy(const DoctorFacts& facts, const std::string& id) {
  return find(facts, id).remedy;
}

TEST(Doctor, FindsAGoodHostGood) {
  for (const DoctorFacts& facts : {good_host(), users_host()}) {
    const auto checks = examine(facts);
    EXPECT_TRUE(usable(checks));
    for (const Check& check : checks) {
      EXPECT_EQ(check.verdict, Verdict::ok) << check.id << ": " << check.found;
      EXPECT_EQ(check.meaning, "") << check.id;
      EXPECT_EQ(check.remedy, "") << check.id;
      EXPECT_NE(check.found, "") << check.id;
    }
  }
}

// Every mistake at once: each check must say what it means and what to do.
TEST(Doctor, SaysOfEachFaultWhatItMeansAndWhatToDo) {
  DoctorFacts facts;
  facts.user = "root";
  facts.missing_parts = {"'/x/bin/qvmd'"};
  facts.kvm.open_error = ENOENT;
  facts.kvm.open_message = "open '/dev/kvm': No such file or directory";
  facts.qemu = {{.architecture = Architecture::x86_64}, {.architecture = Architecture::aarch64}};
  facts.libvirt = {.library = "9.0.0", .compiled = "9.0.0", .error = "no driver"};
  facts.runtime.error = "runtime directory '/x' cannot be written";
  facts.cache.error = "no place";
  facts.has_machine_id = false;
  facts.files = facts.processes = {.soft = 64, .hard = 64};
  facts.file_bytes = facts.address_space = {.soft = 1 << 20, .hard = 1 << 20};
  facts.vm_users = {.kind = VmUserFacts::Kind::root};
  facts.security = {.profile = "docker-default (enforce)"};
  facts.start = StartFacts{.error = "it does not start"};
  const auto checks = examine(facts);
  EXPECT_FALSE(usable(checks));
  std::set<std::string> ids;
  for (const Check& check : checks) {
    EXPECT_TRUE(ids.insert(check.id).second) << check.id;
    EXPECT_THAT(check.found + check.meaning + check.remedy, Not(HasSubstr("\n"))) << check.id;
    if (check.verdict == Verdict::ok) continue;
    EXPECT_NE(check.meaning, "") << check.id;
    EXPECT_NE(check.remedy, "") << check.id;
  }
}

TEST(Doctor, SaysWhoCanUseKvm) {
  EXPECT_EQ(find(good_host(), "kvm").found, "/dev/kvm can be used by root and given to the user of each VM");
  EXPECT_EQ(find(users_host(), "kvm").found, "/dev/kvm can be used by user 'ann'");
}

DoctorFacts without_kvm(DoctorFacts facts, int error, const std::string& message) {
  facts.kvm.open_error = error;
  facts.kvm.open_message = message;
  return facts;
}

TEST(Doctor, LoadsTheModuleOfKvm) {
  DoctorFacts facts = without_kvm(users_host(), ENOENT, "open '/dev/kvm': No such file or directory");
  facts.kvm.module_loaded = false;
  const Check check = find(facts, "kvm");
  EXPECT_EQ(check.verdict, Verdict::warning);
  EXPECT_EQ(check.remedy, "sudo modprobe kvm_intel");
  EXPECT_TRUE(usable(examine(facts)));
}

TEST(Doctor, TellsNestedVirtualisationFromTheFirmwaresSwitch) {
  DoctorFacts facts = without_kvm(good_host(), ENOENT, "open '/dev/kvm': No such file or directory");
  facts.kvm.module_loaded = false;
  facts.kvm.cpu_can = false;
  EXPECT_THAT(remedy(facts, "kvm"), HasSubstr("firmware"));
  facts.kvm.in_vm = true;
  EXPECT_THAT(remedy(facts, "kvm"), HasSubstr("nested=1"));
}

TEST(Doctor, GivesAContainerTheDevice) {
  DoctorFacts facts = without_kvm(good_host(), ENOENT, "open '/dev/kvm': No such file or directory");
  facts.container = true;
  EXPECT_THAT(remedy(facts, "kvm"), StartsWith("start the container with --device /dev/kvm"));
  facts = without_kvm(good_host(), EPERM, "open '/dev/kvm': Operation not permitted");
  facts.container = true;
  EXPECT_EQ(remedy(facts, "kvm"), "start the container with --device /dev/kvm");
}

TEST(Doctor, KnowsTheGroupOfKvm) {
  DoctorFacts facts = without_kvm(users_host(), EACCES, "open '/dev/kvm': Permission denied");
  EXPECT_EQ(remedy(facts, "kvm"), "sudo usermod -aG kvm ann, then log in again");
  facts.kvm.listed_in_group = true;
  EXPECT_EQ(remedy(facts, "kvm"), "log in again, or: newgrp kvm");
}

TEST(Doctor, KnowsAKvmThatDoesNotWork) {
  const Check check =
      find(without_kvm(good_host(), 0, "no VM comes up under KVM, but under TCG (why)"), "kvm");
  EXPECT_EQ(check.verdict, Verdict::warning);
  EXPECT_THAT(check.remedy, HasSubstr("qvm up --accel tcg"));
}

TEST(Doctor, NoticesThatVmsCannotBeGivenKvm) {
  DoctorFacts facts = good_host();
  facts.kvm.acl_error = "edit the access control list of '/dev/kvm': Operation not supported";
  const Check check = find(facts, "kvm");
  EXPECT_EQ(check.verdict, Verdict::warning);
  EXPECT_THAT(check.found, HasSubstr("Operation not supported"));
}

TEST(Doctor, CanDoWithoutOneArchitecture) {
  DoctorFacts facts = users_host();
  facts.qemu[1].program.clear();
  const Check check = find(facts, "qemu-aarch64");
  EXPECT_EQ(check.verdict, Verdict::note);
  EXPECT_EQ(check.remedy, "sudo apt-get install qemu-system-arm");
  EXPECT_TRUE(usable(examine(facts)));
  facts.qemu[0].program.clear();
  EXPECT_EQ(find(facts, "qemu-x86_64").verdict, Verdict::error);
  EXPECT_FALSE(usable(examine(facts)));
}

TEST(Doctor, SaysWhyAQemuIsRefused) {
  DoctorFacts facts = good_host();
  facts.qemu[0].proof = "QEMU 5.0.0 has no function 'x'";
  const Check check = find(facts, "qemu-x86_64");
  EXPECT_EQ(check.verdict, Verdict::warning);
  EXPECT_EQ(check.found, "7.2.22 (/usr/bin/qemu-system-x86_64): QEMU 5.0.0 has no function 'x'");
  EXPECT_TRUE(usable(examine(facts)));
  facts.qemu[1].proof = "the same";
  EXPECT_FALSE(usable(examine(facts)));
}

TEST(Doctor, NamesThePackagesOfTheDistribution) {
  DoctorFacts facts = good_host();
  facts.libvirt.error = "no driver";
  EXPECT_EQ(remedy(facts, "libvirt"), "apt-get install libvirt-daemon-driver-qemu");
  facts.packages = DoctorFacts::Packages::dnf;
  EXPECT_EQ(remedy(facts, "libvirt"), "dnf install libvirt-daemon-driver-qemu");
  facts.packages = DoctorFacts::Packages::other;
  EXPECT_EQ(remedy(facts, "libvirt"), "install what Debian calls libvirt-daemon-driver-qemu");
}

TEST(Doctor, WantsARuntimeDirectoryThatVmsReach) {
  DoctorFacts facts = good_host();
  facts.runtime.unreachable = "/root";
  const Check check = find(facts, "runtime-directory");
  EXPECT_EQ(check.verdict, Verdict::error);
  EXPECT_EQ(check.remedy, "chmod a+x '/root'");
}

TEST(Doctor, NotesACacheThatDoesNotLast) {
  DoctorFacts facts = good_host();
  facts.cache = {.directory = "/run/qvm/cache",
                 .why_not_kept = "'/var/cache/qvm' cannot be written: Read-only file system"};
  const Check check = find(facts, "cache");
  EXPECT_EQ(check.verdict, Verdict::note);
  EXPECT_THAT(check.remedy, HasSubstr("QVM_CACHE_DIR"));
}

TEST(Doctor, KnowsLimitsOfAContainer) {
  DoctorFacts facts = good_host();
  facts.files.hard = 256;
  facts.control_group_processes = 100;
  facts.processes.hard = 5000;
  EXPECT_THAT(remedy(facts, "open-files"), HasSubstr("prlimit"));
  EXPECT_EQ(find(facts, "processes").found, "up to 100 with their threads (pids.max of the control group)");
  facts.container = true;
  EXPECT_EQ(remedy(facts, "open-files"), "start the container with --ulimit nofile=65536");
  EXPECT_EQ(remedy(facts, "processes"), "start the container with --pids-limit=-1");
  facts.processes.hard = 50;
  EXPECT_EQ(remedy(facts, "processes"), "start the container with --ulimit nproc=65536");
}

TEST(Doctor, WarnsOfLittleMemory) {
  DoctorFacts facts = good_host();
  facts.available_bytes = 100 << 20;
  EXPECT_EQ(find(facts, "memory").verdict, Verdict::warning);
  EXPECT_EQ(find(facts, "memory").found, "100 MiB of 8.0 GiB available");
}

TEST(Doctor, SaysWhomVmsRunAs) {
  EXPECT_EQ(find(users_host(), "vm-users").found, "VMs run as 'ann': qvm was not started by root");
  DoctorFacts facts = good_host();
  facts.vm_users = {.kind = VmUserFacts::Kind::shared_account, .text = "libvirt-qemu"};
  EXPECT_EQ(find(facts, "vm-users").verdict, Verdict::warning);
  facts.vm_users = {.kind = VmUserFacts::Kind::root};
  EXPECT_EQ(find(facts, "vm-users").found, "all VMs run as root");
}

TEST(Doctor, MeansAppArmorOnlyForTheSystemsLibvirt) {
  DoctorFacts facts = good_host();
  facts.security.libvirt_profiles = {"libvirtd"};
  const Check check = find(facts, "security-modules");
  EXPECT_EQ(check.verdict, Verdict::note);
  EXPECT_THAT(check.meaning, HasSubstr("qemu:///system"));
}

TEST(Doctor, FailsIfAStartFails) {
  DoctorFacts facts = good_host();
  facts.start->error = "libvirt refuses it";
  EXPECT_FALSE(usable(examine(facts)));
  EXPECT_EQ(find(facts, "start").found, "libvirt refuses it");
}

TEST(Doctor, PrintsOneLineEach) {
  DoctorFacts facts = without_kvm(good_host(), ENOENT, "open '/dev/kvm': No such file or directory");
  facts.kvm.module_loaded = false;
  const std::string text = checks_to_text(examine(facts));
  EXPECT_THAT(text,
              HasSubstr("ok       firmware           x86-64 guests boot with '/usr/share/qemu/qboot.rom'\n"));
  EXPECT_THAT(text,
              HasSubstr("warning  KVM                open '/dev/kvm': No such file or directory: VMs are "
                        "emulated (TCG), many times slower; to mend: modprobe kvm_intel\n"));
  EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), examine(facts).size());
}

TEST(Doctor, TellsProgramsTheSame) {
  const auto checks = examine(good_host());
  const auto json = nlohmann::json::parse(checks_to_json(checks));
  EXPECT_EQ(json.at("version"), 1);
  EXPECT_EQ(json.at("usable"), true);
  ASSERT_EQ(json.at("checks").size(), checks.size());
  EXPECT_EQ(json.at("checks").at(0).at("state"), "ok");
  EXPECT_EQ(json.at("checks").at(0).at("id"), "installation");
}

}  // namespace
}  // namespace qvm::cli
