#ifndef WS_CHDF5_SHIM_H
#define WS_CHDF5_SHIM_H
#include <hdf5.h>
// HDF5 spells its constants as macros that call H5open(); Swift cannot import those.
static inline hid_t ws_h5t_native_float(void) { return H5T_NATIVE_FLOAT; }
#endif
