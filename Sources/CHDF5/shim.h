#ifndef WS_CHDF5_SHIM_H
#define WS_CHDF5_SHIM_H
#include <hdf5.h>
#include <string.h>

// What Swift cannot import from hdf5.h: constants that are macros calling H5open(), and calls whose name or signature
// depends on the version. Everything else is called from Swift directly.

static inline unsigned ws_h5f_read_only(void) { return H5F_ACC_RDONLY; }
static inline hid_t ws_h5p_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t ws_h5p_link_access(void) { return H5P_LINK_ACCESS; }
static inline hid_t ws_h5t_c_string(void) { return H5T_C_S1; }
static inline size_t ws_h5t_variable(void) { return H5T_VARIABLE; }

// File locking can be turned off since 1.10.7 and 1.12.1; older libraries keep their default.
static inline herr_t ws_h5p_disable_file_locking(hid_t fapl) {
#if (H5_VERSION_GE(1, 10, 7) && !H5_VERSION_GE(1, 12, 0)) || H5_VERSION_GE(1, 12, 1)
  return H5Pset_file_locking(fapl, 0, 1);
#else
  (void)fapl;
  return 0;
#endif
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
#endif
