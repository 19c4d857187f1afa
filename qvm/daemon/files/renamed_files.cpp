// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/files/renamed_files.h"

#include <algorithm>
#include <string_view>

#include "qvm/plan/domain_xml.h"
#include "vdevs/vmhost/config.h"

namespace qvm::daemon {
namespace {

// "loader,file=/a,,b,addr=0x1" has three options; a comma inside one stands twice.
std::vector<std::string> split_options(std::string_view argument) {
  std::vector<std::string> options(1);
  for (std::size_t i = 0; i < argument.size(); ++i) {
    if (argument[i] != ',') {
      options.back() += argument[i];
    } else if (i + 1 < argument.size() && argument[i + 1] == ',') {
      options.back() += argument[i++];
    } else {
      options.emplace_back();
    }
  }
  return options;
}

std::string join_options(const std::vector<std::string>& options) {
  std::string argument;
  for (const std::string& option : options) {
    if (&option != &options.front()) argument += ',';
    argument += plan::qemu_option_value(option);
  }
  return argument;
}

std::string rename_in_argument(const std::string& argument, const RenamedFiles& files) {
  constexpr std::string_view kKey = "file=";
  std::vector<std::string> options = split_options(argument);
  for (std::string& option : options) {
    if (!option.starts_with(kKey)) continue;
    const auto found = files.find(option.substr(kKey.size()));
    if (found != files.end()) option = std::string(kKey) + found->second;
  }
  return join_options(options);
}

}  // namespace

void rename_files(pugi::xml_node domain, const RenamedFiles& files) {
  for (const char* element : {"loader", "kernel", "initrd"}) {
    pugi::xml_node node = domain.child("os").child(element);
    const auto found = files.find(node.text().get());
    if (node && found != files.end()) node.text().set(found->second.c_str());
  }
  for (pugi::xml_node argument : domain.child("qemu:commandline").children("qemu:arg")) {
    pugi::xml_attribute value = argument.attribute("value");
    value.set_value(rename_in_argument(value.value(), files).c_str());
  }
}

// The text is our own plan's; if it is not what we expect, vmhost says so.
std::vector<std::string> vdev_objects(const std::string& vmhost_json) {
  std::vector<std::string> objects;
  const auto config = vmhost::parse_config(vmhost_json);
  if (!config) return objects;
  for (const vmhost::VdevConfig& vdev : config->vdevs) objects.push_back(vdev.object);
  std::sort(objects.begin(), objects.end());
  objects.erase(std::unique(objects.begin(), objects.end()), objects.end());
  return objects;
}

std::string rename_objects(const std::string& vmhost_json, const RenamedFiles& files) {
  auto config = vmhost::parse_config(vmhost_json);
  if (!config) return vmhost_json;
  bool renamed = false;
  for (vmhost::VdevConfig& vdev : config->vdevs) {
    const auto found = files.find(vdev.object);
    if (found == files.end()) continue;
    vdev.object = found->second;
    renamed = true;
  }
  return renamed ? vmhost::to_json(*config) : vmhost_json;
}

}  // namespace qvm::daemon
