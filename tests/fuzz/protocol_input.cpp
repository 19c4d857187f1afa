// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Four clients that say anything, in any order, to a real Server in this process: a VM whose policy gives it
// little, and host programs. A VM beside them must not notice.
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <thread>

#include "qvm/regions/client/admin.h"
#include "qvm/regions/client/client.h"
#include "qvm/regions/server/server.h"
#include "qvm/regions/wire/wire.h"
#include "tests/fuzz/bytes.h"
#include "tests/fuzz/targets.h"

namespace qvm::fuzz {
namespace {

using namespace qvm::regions;

constexpr std::size_t kClients = 4;
constexpr std::uint64_t kQuota = std::uint64_t{4} << 20;
constexpr std::chrono::seconds kDeadline{5};
constexpr int kAnswerMs = 5;  // how long an input waits for answers that may not come
// Names that mean something here, and some that are none.
constexpr std::array<const char*, 10> kNames = {
    "pub", "public", "pub?", "held", "secret", "hidden", "", "a/b", "..", "0123456789012345678901234567890"};

// One for all inputs: what a client leaves behind is part of the test.
class Arena {
 public:
  Arena() {
    std::string path = "/tmp/qvm-fuzz-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("no runtime directory");
    x_path = path;
    ServerOptions options{};
    options.runtime_directory = path;
    options.limits.owner = ::geteuid();
    options.limits.own_programs.bytes = kQuota;
    auto server = Server::create(std::move(options));
    if (!server) throw std::runtime_error(server.error().message());
    x_server = std::move(*server);
    x_thread = std::thread([this] { (void)x_server->run(); });
    register_everybody();
  }
  ~Arena() {
    x_victim.reset();
    x_admin.reset();
    x_server->stop();
    x_thread.join();
    std::error_code ignored;
    std::filesystem::remove_all(x_path, ignored);
  }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  std::string socket(bool of_vm) const {
    return x_path + (of_vm ? "/vm/attacker/regions.sock" : "/host.sock");
  }

  // Whatever else happens, the victim has its region, can have another, and is alone in "hidden".
  std::string ask_victim() {
    const AttachResult result = x_victim->attach({.name = "ping", .pages = 1, .mode = 0600}, kDeadline);
    if (result.status != Status::ok) return "the victim was refused or not answered";
    x_victim->detach(result.connection);
    x_victim->process();
    if (x_victim->connections().size() != 2 || x_held->index() != 0 || x_hidden->index() != 0)
      return "the victim lost a connection";
    const std::uint32_t status = x_hidden->read_status();
    return status == 0x00010000 ? ""
                                : "somebody has been in the region that only the victim has the name for";
  }

 private:
  void register_everybody() {
    auto admin = Admin::open(x_path, "/nonexistent");
    if (!admin) throw std::runtime_error(admin.error().message());
    x_admin = std::move(*admin);
    VmPolicy attacker;
    attacker.vm = "attacker";
    attacker.uid = ::geteuid();
    attacker.gid = ::getegid();
    attacker.bytes = kQuota;
    attacker.vdevs.push_back({.vdev = "shmem0",
                              .rules = {{.allow = true, .pattern = "pub*", .place = "here"}},
                              .substitutions = {},
                              .creates = {},
                              .umask = 0,
                              .gid = {}});
    VmPolicy victim = attacker;
    victim.vm = "victim";
    victim.vdevs.front().rules.clear();
    const RegionSpec secret{
        .name = "secret", .bytes = 4096, .mode = 0600, .owner = ::geteuid() + 1, .group = ::getegid() + 1};
    const auto added = x_admin->add_vm(attacker);
    const auto path = x_admin->add_vm(victim);
    if (!added || !path || !x_admin->add_region(secret)) throw std::runtime_error("cannot register the VMs");
    auto client = Client::connect(*path, "shmem0");
    if (!client) throw std::runtime_error(client.error().message());
    x_victim = std::move(*client);
    x_held = x_victim->attach({.name = "held", .pages = 2, .mode = 0666}, kDeadline).connection;
    // Nobody is owner or group of it, and its mode gives others nothing; its maker is in already.
    x_hidden = x_victim->attach({.name = "hidden", .pages = 1, .mode = 0111}, kDeadline).connection;
    if (x_held == nullptr || x_hidden == nullptr) throw std::runtime_error("the victim was refused");
  }

  std::string x_path;
  std::unique_ptr<Server> x_server;
  std::thread x_thread;
  std::unique_ptr<Admin> x_admin;
  std::unique_ptr<Client> x_victim;
  Connection* x_held = nullptr;
  Connection* x_hidden = nullptr;
};

Arena& arena() {
  static Arena one;
  return one;
}

bool is_read_only(int fd) {
  return (::fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY;
}

class Attacker {
 public:
  std::string run(Bytes input) {
    while (!input.empty() && x_problem.empty()) act(input);
    for (Talker& talker : x_talkers) wait_and_drain(talker);
    x_talkers = {};
    if (std::string problem = arena().ask_victim(); x_problem.empty()) x_problem = std::move(problem);
    return x_problem;
  }

 private:
  struct Talker {
    UniqueFd socket;
    bool of_vm = false;
    std::uint32_t serial = 0;
    std::map<std::uint32_t, std::string> asked{};  // name by serial
    bool expects = false;                          // something was sent that deserves an answer
  };

  void act(Bytes& input) {
    Talker& talker = x_talkers[input.below(kClients)];
    const unsigned action = input.below(12);
    if (!talker.socket) {
      talker = Talker();
      talker.of_vm = action % 2 == 0;
      auto connected = wire::connect_to(arena().socket(talker.of_vm));
      if (connected) talker.socket = std::move(*connected);
      if (action >= 4) say_hello(talker, input);
      return;
    }
    switch (action) {
      case 0:
        talker = Talker();
        return;
      case 1:
        return say_hello(talker, input);
      case 2:
      case 3:
      case 4:
      case 5:
        return ask(talker, input);
      case 6:
      case 7:
        return detach(talker, input);
      case 8:
        return say_anything(talker, input);
      case 9:
        return send_descriptors(talker, input);
      case 10:
        return wait_and_drain(talker);
      default:
        ::shutdown(talker.socket.get(), static_cast<int>(input.below(3)));
        return;
    }
  }

  void send(Talker& talker, std::span<const std::byte> bytes, std::span<const int> descriptors = {}) {
    if (wire::send(talker.socket.get(), bytes, descriptors) == wire::Outcome::done) talker.expects = true;
  }

  void say_hello(Talker& talker, Bytes& input) {
    if (!talker.socket) return;
    wire::Hello hello;
    if (input.below(4) == 0) {
      const std::string who = input.text(wire::kNameBytes);
      std::memcpy(hello.who.data(), who.data(), who.size());
    } else {
      std::strcpy(hello.who.data(), "shmem0");
    }
    if (input.below(3) == 0) hello.resume = input.byte();
    hello.count = input.below(4);
    for (std::uint32_t i = 0; i < hello.count; ++i) hello.connections[i] = input.byte();
    const std::size_t size = wire::sent_size(hello);
    if (input.below(8) == 0) hello.count = input.number<std::uint32_t>();
    send(talker, wire::prepare(hello, 0, size));
  }

  void ask(Talker& talker, Bytes& input) {
    wire::Attach attach;
    std::string name;
    if (const unsigned choice = input.below(kNames.size() + 3); choice < kNames.size()) {
      name = kNames[choice];
    } else {
      name = input.text(wire::kNameBytes);
    }
    attach.name_size = static_cast<std::uint32_t>(name.size());
    if (input.below(16) == 0) attach.name_size = input.number<std::uint32_t>();
    attach.pages = input.below(8);
    if (input.below(8) == 0) attach.pages = input.number<std::uint32_t>();
    attach.mode = input.below(2) == 0 ? 0 : input.number<std::uint32_t>();
    std::memcpy(attach.name.data(), name.data(), name.size());
    name.resize(std::min<std::size_t>(attach.name_size, wire::kNameBytes));
    talker.asked[++talker.serial] = name;
    send(talker, wire::prepare(attach, talker.serial));
  }

  void detach(Talker& talker, Bytes& input) {
    wire::Detach message;
    message.connection = input.byte();
    if (input.below(8) == 0) message.connection = input.number<std::uint64_t>();
    send(talker, wire::prepare(message, input.byte()));
  }

  void say_anything(Talker& talker, Bytes& input) {
    const unsigned form = input.below(3);
    std::string bytes = input.text(input.byte());
    if (form != 0 && bytes.size() >= sizeof(wire::Header)) {
      wire::Header header;
      header.type = form == 1 ? static_cast<std::uint16_t>(input.below(24)) : input.number<std::uint16_t>();
      header.size = static_cast<std::uint32_t>(bytes.size());
      std::memcpy(bytes.data(), &header, sizeof header);
    }
    send(talker, std::as_bytes(std::span(bytes)));
  }

  void send_descriptors(Talker& talker, Bytes& input) {
    wire::Detach message;
    std::vector<int> descriptors(1 + input.below(wire::kMaxDescriptors), talker.socket.get());
    send(talker, wire::prepare(message), descriptors);
  }

  void wait_and_drain(Talker& talker) {
    if (!talker.socket) return;
    if (talker.expects) {
      pollfd waiting{talker.socket.get(), POLLIN, 0};
      ::poll(&waiting, 1, kAnswerMs);
      talker.expects = false;
    }
    wire::Message message;
    for (;;) {
      const wire::Outcome outcome = wire::receive(talker.socket.get(), message, wire::kMaxDescriptors);
      if (outcome == wire::Outcome::would_block) return;
      if (outcome == wire::Outcome::malformed) return fail("the server sent what is no message");
      if (outcome != wire::Outcome::done) {
        talker = Talker();
        return;
      }
      if (const auto* reply = message.as<wire::AttachReply>()) check_attached(talker, *reply, message);
    }
  }

  void check_attached(Talker& talker, const wire::AttachReply& reply, const wire::Message& message) {
    if (reply.status > 6) return fail("a status that there is not");
    if (reply.status != 0) {
      if (message.descriptor_count != 0) fail("a refusal carries descriptors");
      return;
    }
    const std::string& name = talker.asked[reply.header.serial];
    if (talker.of_vm && !name.starts_with("pub")) return fail("the VM was let into '" + name + "'");
    if (name == "secret" || name == "hidden") return fail("somebody was let into '" + name + "'");
    if (message.descriptor_count != 3U + 3U * reply.peer_count)
      return fail("descriptors too many or too few");
    const auto fd = [&](std::size_t i) { return message.descriptors[i].get(); };
    struct stat facts {};
    if (::fstat(fd(0), &facts) != 0 ||
        static_cast<std::uint64_t>(facts.st_size) != reply.pages * regions::kPageBytes)
      return fail("the data has another size");
    const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    if ((::fcntl(fd(0), F_GET_SEALS) & seals) != seals || (facts.st_mode & 0777) != 0600)
      return fail("the data is not sealed");
    if (is_read_only(fd(0)) != (reply.writable == 0)) return fail("the data has other rights than told");
    if (!is_read_only(fd(1))) return fail("the region's page can be written");
    for (std::uint32_t i = 0; i < reply.peer_count; ++i) {
      if (!is_read_only(fd(3 + 3 * i))) return fail("a peer's page can be written");
    }
  }

  void fail(const std::string& what) {
    if (x_problem.empty()) x_problem = what;
  }

  std::array<Talker, kClients> x_talkers;
  std::string x_problem;
};

}  // namespace

std::string check_protocol_input(const std::uint8_t* data, std::size_t size) {
  return Attacker().run(Bytes(data, size));
}

}  // namespace qvm::fuzz
