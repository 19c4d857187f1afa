// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// hello-host: a host program among the guests of the hello system. Uses nothing of qvm but its C library.
#include <getopt.h>
#include <poll.h>
#include <qvmshm.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "guests/hello/conversation.h"
#include "guests/host/output.h"
#include "guests/host/path_waiter.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kFailure = 1;
constexpr int kUsage = 2;
constexpr unsigned kMaxPatience = 24 * 60 * 60;
constexpr unsigned kMaxPages = 1u << 20;

struct Options {
  std::string runtime_directory;
  std::string region = "moo";
  std::string name = "host";
  unsigned pages = 16;
  unsigned patience = 60;
  unsigned peers = 0;  // 0: as many as come
  bool wait = false;
};

void print_usage(std::FILE* out) {
  std::fputs(
      "usage: hello-host [options]\n"
      "Takes part in the conversation in a region, shows what it sees, and ends when all others have come "
      "and gone.\n"
      "  --region NAME       default: moo\n"
      "  --name NAME         who I am; default: host\n"
      "  --pages N           of the region, if I create it; default: 16\n"
      "  --runtime-dir DIR   of the qvm to talk to; default: $QVM_RUNTIME_DIR, /run/qvm for root\n"
      "  --wait              until qvm runs there, if it is another user's; one's own region manager is "
      "started\n"
      "  --peers N           leave when N have taken part, I included, and were heard, as a guest does\n"
      "  --patience SECONDS  how long to wait for that, and then for anybody to come; default: 60\n",
      out);
}

bool parse_number(const char* option, const char* text, unsigned limit, unsigned& number) {
  char* end = nullptr;
  const unsigned long value = std::strtoul(text, &end, 10);
  if (*text < '0' || *text > '9' || *end != '\0' || value == 0 || value > limit) {
    std::fprintf(stderr, "hello-host: --%s wants a number from 1 to %u, not '%s'\n", option, limit, text);
    return false;
  }
  number = static_cast<unsigned>(value);
  return true;
}

// -1: go on; else the exit status.
int parse_options(int argc, char** argv, Options& options) {
  const option known[] = {{"region", required_argument, nullptr, 'r'},
                          {"name", required_argument, nullptr, 'n'},
                          {"pages", required_argument, nullptr, 'p'},
                          {"runtime-dir", required_argument, nullptr, 'd'},
                          {"wait", no_argument, nullptr, 'w'},
                          {"patience", required_argument, nullptr, 's'},
                          {"peers", required_argument, nullptr, 'e'},
                          {"help", no_argument, nullptr, 'h'},
                          {nullptr, 0, nullptr, 0}};
  for (int found = 0; (found = ::getopt_long(argc, argv, "", known, nullptr)) != -1;) {
    bool good = true;
    switch (found) {
      case 'r':
        options.region = optarg;
        break;
      case 'n':
        options.name = optarg;
        break;
      case 'p':
        good = parse_number("pages", optarg, kMaxPages, options.pages);
        break;
      case 'd':
        options.runtime_directory = optarg;
        break;
      case 'e':
        good = parse_number("peers", optarg, hello::kMaxClients, options.peers);
        break;
      case 'w':
        options.wait = true;
        break;
      case 's':
        good = parse_number("patience", optarg, kMaxPatience, options.patience);
        break;
      case 'h':
        print_usage(stdout);
        return output_written("hello-host") ? 0 : kFailure;
      default:
        good = false;
    }
    if (!good) return kUsage;
  }
  if (optind == argc) return -1;
  std::fprintf(stderr, "hello-host: unexpected argument '%s'\n", argv[optind]);
  return kUsage;
}

// The same place where the library looks; known here only to wait for it.
std::string runtime_directory(const Options& options) {
  if (!options.runtime_directory.empty()) return options.runtime_directory;
  if (const char* given = std::getenv("QVM_RUNTIME_DIR"); given != nullptr && *given != '\0') return given;
  if (::geteuid() == 0) return "/run/qvm";
  const std::string number = std::to_string(::geteuid());
  const char* session = std::getenv("XDG_RUNTIME_DIR");
  for (const std::string& base : {std::string(session == nullptr ? "" : session), "/run/user/" + number}) {
    if (!base.empty() && ::access(base.c_str(), W_OK | X_OK) == 0) return base + "/qvm";
  }
  return "/tmp/qvm-" + number;
}

int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

// Null after a message.
qvmshm_t* open_library(const Options& options) {
  const std::string directory = runtime_directory(options);
  const auto deadline = Clock::now() + std::chrono::seconds(options.patience);
  hello::PathWaiter waiter;
  for (;;) {
    // Watched before it is tried: what comes in between is not missed.
    const bool watched = options.wait && waiter.watch(directory + "/host.sock");
    qvmshm_t* handle = nullptr;
    const int error = qvmshm_open(directory.empty() ? nullptr : directory.c_str(), "hello-host", &handle);
    if (error == 0) return handle;
    const bool not_there = error == ENOENT || error == ECONNREFUSED;
    if (!watched || !not_there || !waiter.wait(milliseconds_until(deadline))) {
      std::fprintf(stderr, "hello-host: cannot talk to qvm in '%s': %s%s\n", directory.c_str(),
                   std::strerror(error),
                   not_there ? "; nobody runs qvm there, and its region manager could not be started" : "");
      return nullptr;
    }
  }
}

class Terminal final : public hello::Room {
 public:
  explicit Terminal(qvmshm_t* handle) : handle_(handle) {}
  void poke(std::uint32_t targets) override { qvmshm_poke(handle_, targets); }
  void show(const char* line) override { std::printf("%s\n", line); }

 private:
  qvmshm_t* handle_;
};

// Different from that of an earlier user of my index: time has passed since.
std::uint32_t new_session() {
  return static_cast<std::uint32_t>(Clock::now().time_since_epoch().count() >> 10) | 1;
}

int talk(qvmshm_t* handle, const Options& options) {
  const auto own = static_cast<unsigned>(qvmshm_index(handle));
  const std::uint32_t first = qvmshm_status(handle);
  char present[hello::kIndicesBytes];
  hello::put_indices(present, first >> 16);
  std::printf("attached to '%s' as client %u (%llu pages); attached now: %s\n", options.region.c_str(), own,
              static_cast<unsigned long long>(qvmshm_size(handle)), present);
  if (qvmshm_size(handle) * QVMSHM_PAGE_SIZE < hello::kMaxClients * hello::kSlotBytes) {
    std::fprintf(stderr, "hello-host: the region is too small for %u slots\n", hello::kMaxClients);
    return kFailure;
  }

  Terminal terminal(handle);
  hello::Conversation conversation(
      {.name = options.name.c_str(),
       .participants = options.peers,
       .departure = options.peers == 0 ? hello::Departure::last : hello::Departure::when_done,
       .session = new_session(),
       .index = own,
       .data = qvmshm_data(handle)},
      terminal);
  conversation.begin(first);
  const auto deadline = Clock::now() + std::chrono::seconds(options.patience);
  bool company = (first >> 16 & ~(1u << own)) != 0;
  while (!conversation.finished()) {
    if (!output_written("hello-host")) return kFailure;
    pollfd event{.fd = qvmshm_event_fd(handle), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&event, 1, company ? -1 : milliseconds_until(deadline));
    if (ready == 0) {
      std::fprintf(stderr, "hello-host: nobody came within %u seconds\n", options.patience);
      return kFailure;
    }
    if (ready < 0) {
      if (errno == EINTR) continue;
      std::perror("hello-host: poll");
      return kFailure;
    }
    const std::uint32_t status = qvmshm_status(handle);
    company = company || (status >> 16 & ~(1u << own)) != 0;
    conversation.on_status(status);
  }
  std::printf("%s, detaching from '%s'\n", options.peers == 0 ? "all others have left" : "heard everybody",
              options.region.c_str());
  return output_written("hello-host") ? 0 : kFailure;
}

}  // namespace

int main(int argc, char** argv) {
  begin_output();
  Options options;
  if (const int status = parse_options(argc, argv, options); status >= 0) return status;
  // Whole lines at once, into a pipe too.
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  qvmshm_t* handle = open_library(options);
  if (handle == nullptr) return kFailure;
  int status = kFailure;
  if (const int error = qvmshm_attach(handle, options.region.c_str(), options.pages, 0, 0); error == 0) {
    status = talk(handle, options);
  } else {
    std::fprintf(stderr, "hello-host: cannot attach to '%s': %s\n", options.region.c_str(),
                 std::strerror(error));
  }
  qvmshm_close(handle);
  return status;
}
