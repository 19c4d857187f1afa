// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>
#include <libfdt.h>

#include <cstring>

#include "config/rules/device_tree.h"
#include "qvm/plan/device_tree.h"
#include "qvm/plan/tree_room.h"

namespace qvm::plan {
namespace {

constexpr const char* kReference = "qvm,vdev";
constexpr std::size_t kDeepest = 32;

// A text property's value without its end, or empty.
std::string text_property(const void* tree, int node, const char* name) {
  int length = 0;
  const auto* value = static_cast<const char*>(fdt_getprop(tree, node, name, &length));
  if (value == nullptr || length <= 0) return {};
  return {value, ::strnlen(value, static_cast<std::size_t>(length))};
}

// An overlay consists of fragments.
bool is_overlay(const void* tree) {
  int node = 0;
  fdt_for_each_subnode(node, tree, 0) {
    if (fdt_subnode_offset(tree, node, "__overlay__") >= 0) return true;
  }
  return false;
}

// Puts one tree's nodes into another. Offsets change with every step, so nodes are known by their paths.
class Merger {
 public:
  Merger(void* tree, const void* addition) : x_tree(tree), x_addition(addition) {}

  // 0 or an error of libfdt's.
  int run() { return merge(0, "/", 0); }

 private:
  int merge(int from, const std::string& path, std::size_t depth);
  int redirect(int from, const std::string& label);
  int copy_properties(int from, const std::string& path, bool replace);

  void* const x_tree;
  const void* const x_addition;
};

int Merger::copy_properties(int from, const std::string& path, bool replace) {
  int property = 0;
  fdt_for_each_property_offset(property, x_addition, from) {
    const char* name = nullptr;
    int length = 0;
    const void* value = fdt_getprop_by_offset(x_addition, property, &name, &length);
    if (value == nullptr) return length;
    if (std::strcmp(name, kReference) == 0) continue;
    const int to = fdt_path_offset(x_tree, path.c_str());
    if (to < 0) return to;
    if (!replace && fdt_getprop(x_tree, to, name, nullptr) != nullptr) continue;
    if (const int error = fdt_setprop(x_tree, to, name, value, length); error != 0) return error;
  }
  return 0;
}

// The vdev's own node stands for the user's, whose handle it gets, so that references lead to it.
int Merger::redirect(int from, const std::string& label) {
  const int symbols = fdt_path_offset(x_tree, "/__symbols__");
  const std::string path = text_property(x_tree, symbols, label.c_str());
  if (path.empty()) return -FDT_ERR_NOTFOUND;
  if (const std::uint32_t handle = fdt_get_phandle(x_addition, from); handle != 0) {
    const int to = fdt_path_offset(x_tree, path.c_str());
    const std::uint32_t before = fdt_get_phandle(x_tree, to);
    if (const int error = fdt_setprop_u32(x_tree, to, "phandle", handle); error != 0) return error;
    int length = 0;
    const auto* parent = static_cast<const fdt32_t*>(fdt_getprop(x_tree, 0, "interrupt-parent", &length));
    if (parent != nullptr && length == sizeof *parent && fdt32_ld(parent) == before) {
      if (const int error = fdt_setprop_inplace_u32(x_tree, 0, "interrupt-parent", handle); error != 0)
        return error;
    }
  }
  return copy_properties(from, path, false);
}

int Merger::merge(int from, const std::string& path, std::size_t depth) {
  if (depth > kDeepest) return -FDT_ERR_BADSTRUCTURE;
  if (const std::string label = text_property(x_addition, from, kReference); !label.empty())
    return redirect(from, label);
  if (const int error = copy_properties(from, path, depth > 0); error != 0) return error;
  int node = 0;
  fdt_for_each_subnode(node, x_addition, from) {
    const char* name = fdt_get_name(x_addition, node, nullptr);
    if (name == nullptr) return -FDT_ERR_BADSTRUCTURE;
    const int parent = fdt_path_offset(x_tree, path.c_str());
    if (parent < 0) return parent;
    if (std::strcmp(name, "__symbols__") == 0) continue;  // its paths are those of another tree
    const bool redirected = !text_property(x_addition, node, kReference).empty();
    if (!redirected && fdt_subnode_offset(x_tree, parent, name) < 0) {
      if (const int added = fdt_add_subnode(x_tree, parent, name); added < 0) return added;
    }
    const std::string below = path == "/" ? path + name : path + "/" + name;
    if (const int error = merge(node, below, depth + 1); error != 0) return error;
  }
  return 0;
}

}  // namespace

Result<std::string> merge_device_tree(std::string_view tree, std::string_view addition) {
  if (!config::is_readable_tree(addition)) return fail("it is not a device tree");
  return tree_with_room(tree.size() + 2 * addition.size(), [&](std::size_t bytes, std::string& merged) {
    std::string buffer(bytes, '\0');
    if (const int error = fdt_open_into(tree.data(), buffer.data(), static_cast<int>(bytes)); error != 0)
      return error;
    // Applying an overlay changes it.
    std::string copy(addition);
    const int error = is_overlay(copy.data()) ? fdt_overlay_apply(buffer.data(), copy.data())
                                              : Merger(buffer.data(), copy.data()).run();
    if (error != 0) return error;
    if (const int packed = fdt_pack(buffer.data()); packed != 0) return packed;
    buffer.resize(fdt_totalsize(buffer.data()));
    merged = std::move(buffer);
    return 0;
  });
}

}  // namespace qvm::plan
