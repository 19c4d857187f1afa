// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Serial devices of guests that are connected with files, pipes, terminals and programs of the host.
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>

#include "tests/support/file_content.h"
#include "tests/system/cli/linux_fixture.h"

namespace qvm::test {
namespace {

using std::chrono::seconds;
using testing::EndsWith;
using testing::HasSubstr;

// What can be read until the text has come.
std::string read_until(int fd, const std::string& text, seconds patience = seconds(20)) {
  std::string got;
  const auto end = std::chrono::steady_clock::now() + on_this_host(patience);
  while (got.find(text) == std::string::npos && std::chrono::steady_clock::now() < end) {
    pollfd one{fd, POLLIN, 0};
    std::array<char, 512> piece;
    if (::poll(&one, 1, 100) <= 0) continue;
    const ssize_t count = ::read(fd, piece.data(), piece.size());
    if (count > 0) got.append(piece.data(), static_cast<std::size_t>(count));
  }
  return got;
}

void put(int fd, const std::string& text) {
  EXPECT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

// The guest "echo" gives back each line, and ends after "quit".
class HostSides : public AcceleratedCliTest {
 protected:
  void SetUp() override {
    AcceleratedCliTest::SetUp();
    std::filesystem::create_directory(files());
    // Root's VMs have users of their own.
    std::filesystem::permissions(files(), std::filesystem::perms::all);
    sandbox_.add("files/in", "hello\nquit\n");
  }
  std::string files() const { return sandbox_.directory() + "/files"; }
  std::string file(const std::string& name) const { return files() + "/" + name; }
  std::string config(const std::string& hostdev) const {
    return sandbox_.add("echo.qvmconf",
                        "system echo\nram 64M\ncpu\nload \"$env{QVM_GUESTS}/echo.elf\"\n"
                        "vdev ioapic loc 0xfec00000 intr apic name myioapic\nvdev ser8250 intr myioapic:4 " +
                            hostdev + "\n");
  }
  Launch single(const std::string& hostdev) const {
    return {.words = {"--accel", GetParam(), "@" + config(hostdev)}, .directory = files()};
  }
  std::string log(const std::string& name) const { return content_of(sandbox_.runtime() + "/log/" + name); }

  static constexpr const char* kSaid = "echo: say something\r\necho: hello\r\necho: quit\r\n";
};
INSTANTIATE_TEST_SUITE_P(Under, HostSides, testing::Values("tcg", "kvm"), accelerator_name);

TEST_P(HostSides, AreFiles) {
  const Answer answer = sandbox_.qvm(single("hostdev <in hostdev >out"));
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(answer.out + answer.err, "");
  EXPECT_EQ(content_of(file("out")), kSaid);
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_P(HostSides, AreACommandForTheOutput) {
  const Answer answer = sandbox_.qvm(single("hostdev <in hostdev \">|cat >copy; echo said\""));
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(content_of(file("copy")), kSaid);
  EXPECT_EQ(log("echo/hostdev.log"), "said\n");
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_P(HostSides, ArePipes) {
  for (const char* name : {"p.in", "p.out"}) {
    ASSERT_EQ(::mkfifo(file(name).c_str(), 0666), 0);
    std::filesystem::permissions(file(name), std::filesystem::perms(0666));
  }
  BackgroundProgram guest(sandbox_.program(single("hostdev p")));
  const UniqueFd out(::open(file("p.out").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_THAT(read_until(out.get(), "something\r\n"), EndsWith("say something\r\n")) << guest.err();
  const UniqueFd in(::open(file("p.in").c_str(), O_WRONLY | O_CLOEXEC));
  put(in.get(), "hello\n");
  EXPECT_EQ(read_until(out.get(), "hello\r\n"), "echo: hello\r\n");
  put(in.get(), "quit\n");
  EXPECT_EQ(guest.wait(), 0) << guest.err();
}

TEST_P(HostSides, AreATerminalThatPsShows) {
  const std::string path = sandbox_.runtime() + "/vm/echo/ser8250-0.tty";
  const std::string conf = config("hostdev /dev/ptyp0");
  const Answer up = sandbox_.qvm({"up", "--detach", "--accel", GetParam(), conf});
  ASSERT_EQ(up.status, 0) << up.err;
  EXPECT_THAT(sandbox_.qvm({"ps"}).out, HasSubstr("terminal " + path + "\n"));
  EXPECT_EQ(schema_violations("ps.schema.json", sandbox_.qvm({"ps", "--json"}).out), "");
  const UniqueFd terminal(::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(terminal);
  // Until the guest listens: what it said before there was anybody is lost.
  std::string got;
  for (int i = 0; i < 100 && got.find("echo: hello\r\n") == std::string::npos; ++i) {
    put(terminal.get(), "hello\n");
    pollfd one{terminal.get(), POLLIN, 0};
    if (::poll(&one, 1, 200) > 0) got += read_until(terminal.get(), "\r\n");
  }
  EXPECT_THAT(got, HasSubstr("echo: hello\r\n"));
  put(terminal.get(), "quit\n");
  EXPECT_THAT(read_until(terminal.get(), "quit\r\n"), EndsWith("echo: quit\r\n"));
  EXPECT_TRUE(sandbox_.nothing_left_soon());
}

TEST_P(HostSides, MayBeAFileForTheInputOfTheConsole) {
  const Answer answer = sandbox_.qvm(single("hostdev <in hostdev >-"));
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(answer.out, kSaid);
}

using HostSidesUnderTcg = HostSides;
INSTANTIATE_TEST_SUITE_P(Under, HostSidesUnderTcg, testing::Values("tcg"), accelerator_name);

TEST_P(HostSidesUnderTcg, ThatCannotBeOpenedEndTheStart) {
  for (const char* more : {"", " dryrun"}) {
    const Answer answer = sandbox_.qvm(single(std::string("hostdev <missing") + more));
    EXPECT_EQ(answer.status, 64);
    EXPECT_THAT(answer.err, HasSubstr("VM 'echo': " + sandbox_.directory() +
                                      "/echo.qvmconf:6:38: host side of vdev ser8250-0: open '" +
                                      file("missing") + "' as "));
    EXPECT_THAT(answer.err, HasSubstr(": No such file or directory: correct the path"));
  }
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_P(HostSidesUnderTcg, AreNotOpenedWithTheRightsOfRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root's VMs have users of their own";
  std::filesystem::permissions(file("in"), std::filesystem::perms(0600));
  const Answer answer = sandbox_.qvm(single("hostdev <in hostdev >out"));
  EXPECT_EQ(answer.status, 64);
  EXPECT_THAT(answer.err, testing::ContainsRegex(
                              "echo.qvmconf:6:38: host side of vdev ser8250-0: open '" + file("in") +
                              "' as uid [0-9]+: Permission denied: uid [0-9]+ needs permission for it"));
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_P(HostSidesUnderTcg, EndOfACommandIsNoticed) {
  BackgroundProgram guest(sandbox_.program(single("hostdev \">|read line; exit 3\"")));
  const std::string notice =
      "host side of vdev ser8250-0 has ended; '" + sandbox_.runtime() + "/log/echo/hostdev.log' says why";
  for (unsigned i = 0; i < 200 * slowness() && log("qvmd.log").find(notice) == std::string::npos; ++i)
    ::usleep(50'000);
  EXPECT_THAT(log("qvmd.log"), HasSubstr("VM 'echo': the " + notice));
  EXPECT_THAT(log("echo/hostdev.log"), HasSubstr("the command 'read line; exit 3' ended with status 3"));
  guest.signal(SIGTERM);
  EXPECT_EQ(guest.wait(), 0) << guest.err();
  EXPECT_TRUE(sandbox_.nothing_left());
}

// A Linux guest with a serial port and a virtio-console, each with another host side. TCG unless the
// host says otherwise: a KVM in software would take minutes.
class LinuxHostSides : public LinuxCliTest {
 protected:
  void SetUp() override {
    LinuxCliTest::SetUp();
    if (IsSkipped()) return;
    std::filesystem::create_directory(sandbox_.directory() + "/files");
    std::filesystem::permissions(sandbox_.directory() + "/files", std::filesystem::perms::all);
  }
  std::string config(const std::string& cmdline, const std::string& vdevs) const {
    return sandbox_.add("tux.qvmconf", linux_guest("tux", "quiet " + cmdline, vdevs));
  }
  ProgramStart program(std::vector<std::string> words) const {
    return sandbox_.program({.words = std::move(words),
                             .environment = {{"QVM_LINUX", x_images}},
                             .directory = sandbox_.directory() + "/files"});
  }
};

TEST_F(LinuxHostSides, VirtioConsoleIsTheVmsConsole) {
  const std::string conf = config(
      "console=hvc0 qvm.modules=virtio_pci,virtio_console -- sh -c \\\"cat /sys/bus/pci/devices/*/device; "
      "echo ready; "
      "read "
      "line; echo got $line\\\"",
      "vdev virtio-console hostdev -\n");
  BackgroundProgram up(program({"up", "--detach", "--accel", usual_accelerator(), conf}));
  ASSERT_EQ(up.wait(kLinuxPatience), 0) << up.err();
  // Nobody was there when the guest began: its words are in the log all the same.
  BackgroundProgram console(sandbox_.program({.words = {"console", "tux"}}));
  ASSERT_TRUE(console.wait_for("ready\r\n", kLinuxPatience)) << console.out() << console.err();
  EXPECT_THAT(console.out(), HasSubstr("0x1043\r\n"));
  console.type("hello\n");
  EXPECT_TRUE(console.wait_for("got hello\r\n", kLinuxPatience)) << console.out();
  EXPECT_EQ(console.wait(kLinuxPatience), 0) << console.err();
  EXPECT_TRUE(sandbox_.nothing_left_soon());
}

// What comes to a serial port that nobody has open is lost, as with a real one: the test waits for the guest.
// Which console has which number is the kernel's affair: what comes from one of them is written to both.
// Kernels before 6.2 may give two that come at once the same number. Where they are bound by a module, that
// happens one after the other, the one that has only output first: opening it, which alone tells that it is
// there, loses nothing.
TEST_F(LinuxHostSides, SerialPortsAndConsolesHaveFilesPipesAndPrograms) {
  const std::string files = sandbox_.directory() + "/files/";
  sandbox_.add("files/in", "from a file\n");
  for (const char* name : {"p.in", "p.out"}) {
    ASSERT_EQ(::mkfifo((files + name).c_str(), 0666), 0);
    std::filesystem::permissions(files + name, std::filesystem::perms(0666));
  }
  const std::string conf = config(
      "console=ttyS0 qvm.modules=virtio -- sh -c \\\"cd /sys/bus/virtio; echo 0 >drivers_autoprobe; "
      "modprobe -a virtio_pci virtio_console; cd drivers/virtio_console; "
      "[ -e virtio1 ] || { echo virtio1 >bind; until [ -c /dev/hvc0 ] && (exec >/dev/hvc0); do sleep 0.1; "
      "done; "
      "echo virtio0 >bind; }; mkfifo /tmp/lines; "
      "for n in 0 1; do (until head -n 1 </dev/hvc$n >/tmp/lines; do sleep 0.1; done) & done; "
      "exec 3<>/dev/ttyS1; stty raw -echo <&3; echo ready >&3; read a <&3; echo serial got $a >&3; "
      "read b </tmp/lines; for n in 0 1; do stty raw </dev/hvc$n; echo console got $b >/dev/hvc$n; done; "
      "sleep 1\\\"",
      "vdev ser8250 intr myioapic:4\n"
      "vdev ser8250 loc io:0x2f8 intr myioapic:3 hostdev p\n"
      "vdev virtio-console hostdev <in legacy\n"
      "vdev virtio-console hostdev \">|cat >copy\" delayed 5\n");
  BackgroundProgram guest(program({"--accel", usual_accelerator(), "@" + conf}));
  const UniqueFd out(::open((files + "p.out").c_str(), O_RDWR | O_CLOEXEC));
  const UniqueFd in(::open((files + "p.in").c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_EQ(read_until(out.get(), "\n", kLinuxPatience), "ready\n") << guest.out() << guest.err();
  put(in.get(), "from a pipe\n");
  EXPECT_EQ(read_until(out.get(), "\n", kLinuxPatience), "serial got from a pipe\n") << guest.out();
  EXPECT_EQ(guest.wait(kLinuxPatience), 0) << guest.out() << guest.err();
  EXPECT_EQ(content_of(files + "copy"), "console got from a file\n");
  EXPECT_TRUE(sandbox_.nothing_left());
}

}  // namespace
}  // namespace qvm::test
