// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/hdf5_file.h"

#include <cstdlib>
#include <cstring>

#include "core/store/content_hash.h"

namespace rankscope::hdf5 {

namespace {

std::recursive_mutex& libraryMutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

/// The first "errno = N" in a description on HDF5's error stack.
herr_t findErrno(unsigned, const H5E_error2_t* entry, void* found) {
  auto& reason = *static_cast<int*>(found);
  if (const char* text = entry->desc ? std::strstr(entry->desc, "errno = ") : nullptr; text && reason == 0)
    reason = std::atoi(text + 8);
  return 0;
}

Id fileAccess() {
  Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  require(H5Pset_file_locking(access, false, true), "choose file locking");
  require(H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_LATEST), "choose a format version");
  require(H5Pset_fclose_degree(access, H5F_CLOSE_STRONG), "choose how to close");
  return access;
}

Id textType() {
  Id type(H5Tcopy(H5T_C_S1), H5Tclose);
  require(H5Tset_size(type, H5T_VARIABLE), "make a text type");
  require(H5Tset_cset(type, H5T_CSET_UTF8), "make a text type");
  return type;
}

void writeScalar(hid_t object, const char* attribute, hid_t type, const void* value) {
  const Id space(H5Screate(H5S_SCALAR), H5Sclose);
  const Id target(H5Acreate2(object, attribute, type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  require(target, attribute);
  require(H5Awrite(target, type, value), attribute);
}

/// An attribute of class `wanted` that holds one value.
Id openScalar(hid_t object, const char* attribute, H5T_class_t wanted) {
  if (H5Aexists(object, attribute) <= 0) return {};
  Id source(H5Aopen(object, attribute, H5P_DEFAULT), H5Aclose);
  require(source, attribute);
  const Id type(H5Aget_type(source), H5Tclose);
  const Id space(H5Aget_space(source), H5Sclose);
  if (H5Tget_class(type) != wanted || H5Sget_simple_extent_npoints(space) != 1)
    throw Failure{std::string("attribute ") + attribute + " is not of the right type"};
  return source;
}

} // namespace

Session::Session() : m_lock(libraryMutex()) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

void require(std::int64_t result, std::string_view what) {
  if (result >= 0) return;
  Failure failure{std::string(what)};
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, findErrno, &failure.reason);
  throw failure;
}

Id openFile(const std::filesystem::path& path) {
  Id file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, fileAccess()), H5Fclose);
  require(file, "open");
  return file;
}

Id createFile(const std::filesystem::path& path) {
  Id file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, fileAccess()), H5Fclose);
  require(file, "create");
  return file;
}

bool hasGroup(hid_t parent, const std::string& name) {
  return H5Lexists(parent, name.c_str(), H5P_DEFAULT) > 0;
}

Id openGroup(hid_t parent, const std::string& name) {
  Id group(H5Gopen2(parent, name.c_str(), H5P_DEFAULT), H5Gclose);
  require(group, "open group " + name);
  return group;
}

Id createGroup(hid_t parent, const std::string& name) {
  const Id link(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  require(H5Pset_char_encoding(link, H5T_CSET_UTF8), "choose UTF-8");
  Id group(H5Gcreate2(parent, name.c_str(), link, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
  require(group, "create group " + name);
  return group;
}

std::vector<std::string> childNames(hid_t group) {
  H5G_info_t info;
  require(H5Gget_info(group, &info), "list a group");
  std::vector<std::string> names;
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    const ssize_t length = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, nullptr, 0, H5P_DEFAULT);
    require(length, "list a group");
    std::string name(static_cast<std::size_t>(length) + 1, '\0');
    H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, name.data(), name.size(), H5P_DEFAULT);
    name.pop_back();
    names.push_back(std::move(name));
  }
  return names;
}

void writeText(hid_t object, const char* attribute, const std::string& text) {
  const char* value = text.c_str();
  writeScalar(object, attribute, textType(), &value);
}

void writeInteger(hid_t object, const char* attribute, std::int64_t value) {
  writeScalar(object, attribute, H5T_NATIVE_INT64, &value);
}

void writeNumber(hid_t object, const char* attribute, double value) {
  writeScalar(object, attribute, H5T_NATIVE_DOUBLE, &value);
}

std::optional<std::string> readText(hid_t object, const char* attribute) {
  const Id source = openScalar(object, attribute, H5T_STRING);
  if (!source) return std::nullopt;
  const Id stored(H5Aget_type(source), H5Tclose);
  if (H5Tis_variable_str(stored) <= 0)
    throw Failure{std::string("attribute ") + attribute + " is not of the right type"};
  char* value = nullptr;
  require(H5Aread(source, textType(), &value), attribute);
  std::string text = value ? value : "";
  H5free_memory(value);
  return text;
}

std::optional<std::int64_t> readInteger(hid_t object, const char* attribute) {
  const Id source = openScalar(object, attribute, H5T_INTEGER);
  if (!source) return std::nullopt;
  std::int64_t value = 0;
  require(H5Aread(source, H5T_NATIVE_INT64, &value), attribute);
  return value;
}

std::optional<double> readNumber(hid_t object, const char* attribute) {
  const Id source = openScalar(object, attribute, H5T_FLOAT);
  if (!source) return std::nullopt;
  double value = 0;
  require(H5Aread(source, H5T_NATIVE_DOUBLE, &value), attribute);
  return value;
}

void writeArray(hid_t group, const char* name, hid_t type, std::span<const hsize_t> shape,
                std::span<const std::byte> bytes) {
  const Id space(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr), H5Sclose);
  const Id dataset(H5Dcreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose);
  require(dataset, name);
  if (!bytes.empty()) require(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()), name);
  writeText(dataset, "xxh3_128", contentHash(bytes));
}

std::optional<std::vector<std::byte>> readArray(hid_t group, const char* name, hid_t type) {
  if (H5Lexists(group, name, H5P_DEFAULT) <= 0) return std::nullopt;
  const Id dataset(H5Dopen2(group, name, H5P_DEFAULT), H5Dclose);
  require(dataset, name);
  const Id space(H5Dget_space(dataset), H5Sclose);
  const Id stored(H5Dget_type(dataset), H5Tclose);
  const hssize_t points = H5Sget_simple_extent_npoints(space);
  const hsize_t size = static_cast<hsize_t>(points < 0 ? 0 : points) * H5Tget_size(type);
  if (H5Tget_class(stored) != H5Tget_class(type) || H5Tget_size(stored) != H5Tget_size(type) ||
      H5Dget_storage_size(dataset) != size)
    throw Failure{std::string("dataset ") + name + " is not of the right type"};
  std::vector<std::byte> bytes(size);
  if (size > 0) require(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()), name);
  if (readText(dataset, "xxh3_128") != contentHash(bytes))
    throw Failure{std::string("the values of dataset ") + name + " do not match their checksum"};
  return bytes;
}

void copyObject(hid_t from, const std::string& name, hid_t to) {
  require(H5Ocopy(from, name.c_str(), to, name.c_str(), H5P_DEFAULT, H5P_DEFAULT), "copy " + name);
}

} // namespace rankscope::hdf5
