#include "kernels.h"

#if defined(__x86_64__)
static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
int ws_has_avx512(void) { return __builtin_cpu_supports("avx512f") != 0; }
#define BEST(name, S) (has_avx2() ? ws_##name##_##S##_avx2 : ws_##name##_##S##_portable)
#else
int ws_has_avx512(void) { return 0; }
#define BEST(name, S) ws_##name##_##S##_portable
#endif

#define DEFINE(T, S)                                                                                                  \
  ptrdiff_t ws_panel_width_##S(void) { return BEST(panel_width, S)(); }                                               \
  void ws_pack_##S(const T *b, ptrdiff_t n, ptrdiff_t k, ptrdiff_t row_stride, ptrdiff_t column_stride, T *out) {     \
    BEST(pack, S)(b, n, k, row_stride, column_stride, out);                                                           \
  }                                                                                                                   \
  void ws_gemm_##S(const T *a, ptrdiff_t lda, ptrdiff_t m, const T *panels, ptrdiff_t n, ptrdiff_t k, T *c,           \
                   ptrdiff_t ldc) {                                                                                   \
    BEST(gemm, S)(a, lda, m, panels, n, k, c, ldc);                                                                   \
  }                                                                                                                   \
  void ws_bias_activate_##S(const T *x, ptrdiff_t ldx, ptrdiff_t rows, ptrdiff_t columns, const T *bias,              \
                            int activation, T *out, ptrdiff_t ldout) {                                                \
    BEST(bias_activate, S)(x, ldx, rows, columns, bias, activation, out, ldout);                                      \
  }                                                                                                                   \
  void ws_softmax_##S(T *x, ptrdiff_t ld, ptrdiff_t rows, ptrdiff_t columns, T scale, const T *bias) {                \
    BEST(softmax, S)(x, ld, rows, columns, scale, bias);                                                              \
  }                                                                                                                   \
  void ws_layer_norm_##S(const T *x, const T *residual, ptrdiff_t rows, ptrdiff_t width, const T *gamma,              \
                         const T *beta, T epsilon, T *out) {                                                          \
    BEST(layer_norm, S)(x, residual, rows, width, gamma, beta, epsilon, out);                                         \
  }                                                                                                                   \
  void ws_add_##S(const T *x, const T *y, ptrdiff_t count, T *out) { BEST(add, S)(x, y, count, out); }                \
  void ws_lstm_##S(const T *gates, ptrdiff_t width, T forget_bias, T bound, T *cell, T *out) {                        \
    BEST(lstm, S)(gates, width, forget_bias, bound, cell, out);                                                       \
  }                                                                                                                   \
  void ws_highway_##S(const T *carry, const T *transform, const T *x, ptrdiff_t count, T *out) {                      \
    BEST(highway, S)(carry, transform, x, count, out);                                                                \
  }                                                                                                                   \
  void ws_clip_##S(T *x, ptrdiff_t count, T bound) { BEST(clip, S)(x, count, bound); }                                \
  void ws_max_rows_##S(const T *x, ptrdiff_t ld, ptrdiff_t rows, ptrdiff_t columns, T *out) {                         \
    BEST(max_rows, S)(x, ld, rows, columns, out);                                                                     \
  }                                                                                                                   \
  void ws_quantize_rows_##S(const T *x, ptrdiff_t ldx, ptrdiff_t rows, ptrdiff_t columns, uint8_t *codes,             \
                            T *scales) {                                                                              \
    BEST(quantize_rows, S)(x, ldx, rows, columns, codes, scales);                                                     \
  }                                                                                                                   \
  void ws_scale_sums_##S(const int32_t *sums, ptrdiff_t lds, ptrdiff_t rows, ptrdiff_t columns,                       \
                         const T *row_scales, const T *column_scales, T *out, ptrdiff_t ldout) {                      \
    BEST(scale_sums, S)(sums, lds, rows, columns, row_scales, column_scales, out, ldout);                             \
  }

DEFINE(float, f32)
DEFINE(double, f64)
