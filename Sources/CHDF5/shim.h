#ifndef WS_CHDF5_SHIM_H
#define WS_CHDF5_SHIM_H
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

// What Swift cannot import from hdf5.h: constants that are macros calling H5open(), and calls whose name or signature
// depends on the version. Everything else is called from Swift directly.

static inline unsigned ws_h5f_read_only(void) { return H5F_ACC_RDONLY; }
static inline hid_t ws_h5p_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t ws_h5p_link_access(void) { return H5P_LINK_ACCESS; }
static inline hid_t ws_h5t_c_string(void) { return H5T_C_S1; }
static inline size_t ws_h5t_variable(void) { return H5T_VARIABLE; }
static inline unsigned ws_h5f_truncate(void) { return H5F_ACC_TRUNC; }
static inline hid_t ws_h5p_file_creation(void) { return H5P_FILE_CREATE; }
static inline hid_t ws_h5p_dataset_creation(void) { return H5P_DATASET_CREATE; }
static inline hid_t ws_h5p_link_creation(void) { return H5P_LINK_CREATE; }
static inline hid_t ws_h5t_f32(void) { return H5T_IEEE_F32LE; }
static inline hid_t ws_h5t_f64(void) { return H5T_IEEE_F64LE; }
// A little-endian integer of 1, 2, 4 or 8 bytes.
static inline hid_t ws_h5t_integer(int bytes, int is_signed) {
  switch (bytes) {
    case 1: return is_signed ? H5T_STD_I8LE : H5T_STD_U8LE;
    case 2: return is_signed ? H5T_STD_I16LE : H5T_STD_U16LE;
    case 4: return is_signed ? H5T_STD_I32LE : H5T_STD_U32LE;
    default: return is_signed ? H5T_STD_I64LE : H5T_STD_U64LE;
  }
}

// An external link met anywhere on a path fails here, before the library opens the file it names.
static herr_t ws_h5l_refuse_external(
    const char *parent_file, const char *parent_group, const char *child_file,
    const char *child_object, unsigned *flags, hid_t fapl, void *context) {
  (void)parent_file, (void)parent_group, (void)child_file;
  (void)child_object, (void)flags, (void)fapl, (void)context;
  return -1;
}
static inline herr_t ws_h5p_refuse_external_links(hid_t lapl) {
  return H5Pset_elink_cb(lapl, ws_h5l_refuse_external, NULL);
}

// The identity of an object: its address up to 1.10, an opaque token of 16 bytes since 1.12.
typedef struct {
  unsigned long file;
  uint64_t key[2];
} ws_h5o_identity;

static inline herr_t ws_h5o_get_identity(hid_t object, ws_h5o_identity *identity) {
  memset(identity, 0, sizeof *identity);
#if H5_VERSION_GE(1, 12, 0)
  H5O_info2_t info;
  herr_t status = H5Oget_info3(object, &info, H5O_INFO_BASIC);
  if (status < 0) return status;
  memcpy(identity->key, &info.token, sizeof info.token < 16 ? sizeof info.token : 16);
#else
  H5O_info_t info;
  herr_t status = H5Oget_info2(object, &info, H5O_INFO_BASIC);
  if (status < 0) return status;
  identity->key[0] = info.addr;
#endif
  identity->file = info.fileno;
  return status;
}

// Calls back for every link of a group, by name; a result other than 0 ends the walk.
typedef int (*ws_h5l_callback)(const char *name, int type, void *context);
typedef struct {
  ws_h5l_callback callback;
  void *context;
} ws_h5l_walk;

#if H5_VERSION_GE(1, 12, 0)
static herr_t ws_h5l_forward(hid_t group, const char *name, const H5L_info2_t *info, void *walk) {
#else
static herr_t ws_h5l_forward(hid_t group, const char *name, const H5L_info_t *info, void *walk) {
#endif
  (void)group;
  const ws_h5l_walk *to = (const ws_h5l_walk *)walk;
  return to->callback(name, (int)info->type, to->context);
}

static inline herr_t ws_h5l_iterate(hid_t group, ws_h5l_callback callback, void *context) {
  ws_h5l_walk walk = {callback, context};
  hsize_t next = 0;
#if H5_VERSION_GE(1, 12, 0)
  return H5Literate2(group, H5_INDEX_NAME, H5_ITER_INC, &next, ws_h5l_forward, &walk);
#else
  return H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, &next, ws_h5l_forward, &walk);
#endif
}

// A file driver of ours: the library sees a part of one open descriptor, read only, and can open nothing else. A file inside an
// archive needs no copy that way, and links to other files, whatever they say, lead nowhere.
typedef struct {
  int descriptor;
  uint64_t start;  // where the HDF5 file begins in the descriptor's file
  uint64_t count;  // its bytes
  int is_open;
  // While set, raw data is not read: its place is noted.
  int locating;
  uint64_t address;
  uint64_t size;
} ws_h5_source;

typedef struct {
  H5FD_t base;  // first, as the library demands
  ws_h5_source *source;
  haddr_t end_of_allocation;
} ws_h5_file;

static H5FD_t *ws_h5fd_open(const char *name, unsigned flags, hid_t fapl, haddr_t maxaddr) {
  (void)name, (void)maxaddr;
  ws_h5_source *const *info = (ws_h5_source *const *)H5Pget_driver_info(fapl);
  if (!info || (*info)->is_open || flags & (H5F_ACC_RDWR | H5F_ACC_CREAT | H5F_ACC_TRUNC)) return NULL;
  ws_h5_file *file = (ws_h5_file *)calloc(1, sizeof *file);
  if (!file) return NULL;
  file->source = *info;
  file->source->is_open = 1;
  return &file->base;
}
static herr_t ws_h5fd_close(H5FD_t *file) {
  ((ws_h5_file *)file)->source->is_open = 0;
  free(file);
  return 0;
}
static herr_t ws_h5fd_query(const H5FD_t *file, unsigned long *flags) {
  (void)file;
  *flags = H5FD_FEAT_IGNORE_DRVRINFO;
  return 0;
}
static haddr_t ws_h5fd_get_eoa(const H5FD_t *file, H5FD_mem_t type) {
  (void)type;
  return ((const ws_h5_file *)file)->end_of_allocation;
}
static herr_t ws_h5fd_set_eoa(H5FD_t *file, H5FD_mem_t type, haddr_t address) {
  (void)type;
  ((ws_h5_file *)file)->end_of_allocation = address;
  return 0;
}
static haddr_t ws_h5fd_get_eof(const H5FD_t *file, H5FD_mem_t type) {
  (void)type;
  return ((const ws_h5_file *)file)->source->count;
}
static herr_t ws_h5fd_read(
    H5FD_t *file, H5FD_mem_t type, hid_t dxpl, haddr_t address, size_t size, void *buffer) {
  (void)dxpl;
  ws_h5_source *source = ((ws_h5_file *)file)->source;
  if (address > source->count || size > source->count - address) return -1;
  if (source->locating && type == H5FD_MEM_DRAW) {
    source->address = address;
    source->size = size;
    return 0;
  }
  for (size_t done = 0; done < size;) {
    ssize_t got = pread(
        source->descriptor, (char *)buffer + done, size - done,
        (off_t)(source->start + address + done));
    if (got <= 0) return -1;
    done += (size_t)got;
  }
  return 0;
}
static herr_t ws_h5fd_write(
    H5FD_t *file, H5FD_mem_t type, hid_t dxpl, haddr_t address, size_t size, const void *buffer) {
  (void)file, (void)type, (void)dxpl, (void)address, (void)size, (void)buffer;
  return -1;
}

static inline hid_t ws_h5fd_register(void) {
  static const H5FD_class_t driver = {
#if H5_VERSION_GE(1, 13, 0)
      .version = H5FD_CLASS_VERSION,
      .value = (H5FD_class_value_t)511,  // of the numbers left for private use
#endif
      .name = "weightsmith",
      .maxaddr = (haddr_t)INT64_MAX,
      .fc_degree = H5F_CLOSE_STRONG,
      .fapl_size = sizeof(ws_h5_source *),
      .open = ws_h5fd_open,
      .close = ws_h5fd_close,
      .query = ws_h5fd_query,
      .get_eoa = ws_h5fd_get_eoa,
      .set_eoa = ws_h5fd_set_eoa,
      .get_eof = ws_h5fd_get_eof,
      .read = ws_h5fd_read,
      .write = ws_h5fd_write,
      .fl_map = H5FD_FLMAP_DEFAULT,
  };
  return H5FDregister(&driver);
}

static inline herr_t ws_h5p_set_source(hid_t fapl, hid_t driver, ws_h5_source *source) {
  return H5Pset_driver(fapl, driver, &source);
}

// Calls back for every stored chunk with its first element's coordinates and its place in the HDF5 file, user block included;
// a result other than 0 ends the walk and is returned.
typedef int (*ws_h5d_callback)(
    const hsize_t *origin, unsigned mask, uint64_t address, uint64_t size, void *context);

#if H5_VERSION_GE(1, 14, 0)
typedef struct {
  ws_h5d_callback callback;
  void *context;
  uint64_t base;
} ws_h5d_walk;
static int ws_h5d_forward(
    const hsize_t *origin, unsigned mask, haddr_t address, hsize_t size, void *walk) {
  const ws_h5d_walk *to = (const ws_h5d_walk *)walk;
  return to->callback(origin, mask, address + to->base, size, to->context);
}
#endif

static inline int ws_h5d_each_chunk(
    hid_t dataset, ws_h5_source *source, uint64_t user_block, int rank, const hsize_t *shape,
    const hsize_t *chunk, ws_h5d_callback callback, void *context) {
#if H5_VERSION_GE(1, 14, 0)
  (void)source, (void)rank, (void)shape, (void)chunk;
  // Releases before 1.14.4 leave the user block out.
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  int skips = major == 1 && minor == 14 && release < 4;
  ws_h5d_walk walk = {callback, context, skips ? user_block : 0};
  return H5Dchunk_iter(dataset, H5P_DEFAULT, ws_h5d_forward, &walk);
#else
  // The calls that list chunks take time proportional to their number, each. Asking for a chunk's bytes takes one look into the
  // index, and our driver notes where they would have been read.
  hid_t space = H5Dget_space(dataset);
  if (space < 0) return -1;
  hsize_t count = 0;
  herr_t status = H5Dget_num_chunks(dataset, space, &count);
  hsize_t cells = 1;
  for (int axis = 0; axis < rank; axis++) cells *= (shape[axis] - 1) / chunk[axis] + 1;
  hsize_t origin[32] = {0};
  int result = status < 0 || rank > 31 ? -1 : 0;
  if (result == 0 && count > 0 && count < 4096 && count * count < cells * 256) {
    for (hsize_t index = 0; result == 0 && index < count; index++) {
      unsigned mask = 0;
      haddr_t address = HADDR_UNDEF;
      hsize_t size = 0;
      if (H5Dget_chunk_info(dataset, space, index, origin, &mask, &address, &size) < 0) result = -1;
      else if (address != HADDR_UNDEF)
        result = callback(origin, mask, address + user_block, size, context);
    }
    count = 0;
  }
  while (result == 0 && count > 0) {
    uint32_t mask = 0;
    unsigned char unread;
    source->size = 0;
    source->locating = 1;
    status = H5Dread_chunk(dataset, H5P_DEFAULT, origin, &mask, &unread);
    source->locating = 0;
    if (status >= 0 && source->size > 0) {
      count--;
      result = callback(origin, mask, source->address, source->size, context);
    }
    int axis = rank - 1;
    for (; axis >= 0; axis--) {
      origin[axis] += chunk[axis];
      if (origin[axis] < shape[axis]) break;
      origin[axis] = 0;
    }
    if (axis < 0) break;
  }
  H5Sclose(space);
  return result;
#endif
}
#endif
