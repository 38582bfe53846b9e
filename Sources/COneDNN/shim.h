#ifndef WS_CONEDNN_SHIM_H
#define WS_CONEDNN_SHIM_H
#include <dlfcn.h>
#include <dnnl.h>

// oneDNN is loaded by the first product that wants it: at the start of every program it would cost more than a small inspection.
#define WS_DNNL_NAME(major) WS_DNNL_TEXT(major)
#define WS_DNNL_TEXT(major) "libdnnl.so." #major

typedef __typeof__(&dnnl_sgemm) ws_dnnl_sgemm;
typedef __typeof__(&dnnl_gemm_u8s8s32) ws_dnnl_gemm_u8s8s32;
typedef void (*ws_omp_set_num_threads)(int);

// The library whose header this was built with; NULL where this machine lacks it.
static inline void *ws_dnnl_open(void) {
  return dlopen(WS_DNNL_NAME(DNNL_VERSION_MAJOR), RTLD_NOW | RTLD_LOCAL);
}
static inline ws_dnnl_sgemm ws_dnnl_find_sgemm(void *library) {
  return (ws_dnnl_sgemm)dlsym(library, "dnnl_sgemm");
}
static inline ws_dnnl_gemm_u8s8s32 ws_dnnl_find_gemm_u8s8s32(void *library) {
  return (ws_dnnl_gemm_u8s8s32)dlsym(library, "dnnl_gemm_u8s8s32");
}
// There when oneDNN brought libgomp along; a build on another runtime has none and needs none.
static inline ws_omp_set_num_threads ws_dnnl_find_set_num_threads(void *library) {
  return (ws_omp_set_num_threads)dlsym(library, "omp_set_num_threads");
}
#endif
