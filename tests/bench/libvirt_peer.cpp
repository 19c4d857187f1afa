// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The peer of the up/down bench: the same domains through libvirt's embedded driver and nothing else of ours.
// libvirt_peer ROOT XML...: starts all domains in parallel, says when all run, waits for a line on standard
// input, destroys them in parallel. Prints "up_ms N" (from the start of the process to all running) and
// "down_ms N".
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::string read_file(const char* path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

int fail(const char* what) {
  const virErrorPtr error = virGetLastError();
  std::fprintf(stderr, "libvirt_peer: %s: %s\n", what, error != nullptr ? error->message : "unknown");
  return 1;
}

template <class Work>
void in_parallel(std::size_t count, Work work) {
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < count; ++i) threads.emplace_back([&work, i] { work(i); });
}

}  // namespace

int main(int argc, char** argv) {
  const auto start = Clock::now();
  if (argc < 3) {
    std::fprintf(stderr, "usage: libvirt_peer ROOT XML...\n");
    return 2;
  }
  virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});
  virEventRegisterDefaultImpl();
  std::jthread events([](const std::stop_token& stop) {
    while (!stop.stop_requested()) virEventRunDefaultImpl();
  });
  const virConnectPtr connection = virConnectOpen((std::string("qemu:///embed?root=") + argv[1]).c_str());
  if (connection == nullptr) return fail("open");

  std::vector<std::string> xml;
  for (int i = 2; i < argc; ++i) xml.push_back(read_file(argv[i]));
  std::vector<virDomainPtr> domains(xml.size(), nullptr);
  in_parallel(xml.size(), [&](std::size_t i) {
    domains[i] = virDomainCreateXML(connection, xml[i].c_str(), 0);
    if (domains[i] == nullptr) fail("start");
  });
  bool all = true;
  for (const virDomainPtr domain : domains) all = all && domain != nullptr;
  std::printf("up_ms %.1f\n", ms_since(start));
  std::fflush(stdout);

  if (all) std::getchar();
  const auto down = Clock::now();
  in_parallel(domains.size(), [&](std::size_t i) {
    if (domains[i] != nullptr) virDomainDestroy(domains[i]);
  });
  std::printf("down_ms %.1f\n", ms_since(down));
  std::fflush(stdout);
  // The event thread waits inside libvirt; there is nothing to save.
  std::_Exit(all ? 0 : 1);
}
