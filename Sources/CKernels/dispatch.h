#ifndef WS_DISPATCH_H
#define WS_DISPATCH_H
#include "kernels.h"

// The kernels of one precision for one instruction set, in the order and with the meaning of kernels.h.
#define WS_TABLE(T, S)                                                                                              \
  typedef struct {                                                                                                  \
    ptrdiff_t (*panel_width)(void);                                                                                 \
    void (*pack)(const T *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, T *);                                       \
    void (*gemm)(const T *, ptrdiff_t, ptrdiff_t, const T *, ptrdiff_t, ptrdiff_t, T *, ptrdiff_t);                 \
    void (*bias_activate)(const T *, ptrdiff_t, ptrdiff_t, ptrdiff_t, const T *, int, T *, ptrdiff_t);              \
    void (*softmax)(T *, ptrdiff_t, ptrdiff_t, ptrdiff_t, T, const T *);                                            \
    void (*layer_norm)(const T *, const T *, ptrdiff_t, ptrdiff_t, const T *, const T *, T, T *);                   \
    void (*add)(const T *, const T *, ptrdiff_t, T *);                                                              \
  } ws_kernels_##S;

WS_TABLE(float, f32)
WS_TABLE(double, f64)
#undef WS_TABLE

extern const ws_kernels_f32 ws_f32_portable;
extern const ws_kernels_f64 ws_f64_portable;
#if defined(__x86_64__)
extern const ws_kernels_f32 ws_f32_avx2;
extern const ws_kernels_f64 ws_f64_avx2;
#endif
#endif
