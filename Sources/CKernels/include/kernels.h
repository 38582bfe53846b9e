#ifndef WS_KERNELS_H
#define WS_KERNELS_H
#include <stddef.h>
#include <stdint.h>

// The kernels of a forward pass, single-threaded, once per precision (suffix f32, f64). Each call picks the widest
// instruction set the CPU has. Every output element depends only on its own inputs, in one fixed order of additions, so
// splitting the work differently never changes a bit. All matrices are row-major; a leading dimension (ld) is the
// distance between rows in elements.

// Codes of `activation` below.
enum {
  WS_LINEAR = 0,
  WS_GELU = 1,
  WS_GELU_TANH = 2,
  WS_GELU_FAST = 3,
  WS_QUICK_GELU = 4,
  WS_RELU = 5,
  WS_SILU = 6,
  WS_TANH = 7,
};

// How many columns of the right operand lie side by side in one packed panel.
//   ws_panel_width
// Packs B [n, k], element (i, p) at b[i * row_stride + p * column_stride], into ceil(n / width) panels of k * width
// elements, element (i, p) of a panel at p * width + i; missing columns are zero.
//   ws_pack
// C[m, n] = A[m, k] · B[n, k]ᵀ with B packed.
//   ws_gemm
// out[r, c] = activation(x[r, c] + bias[c]); bias may be NULL, out may be x.
//   ws_bias_activate
// In place, row by row: softmax(x · scale + bias[c]); bias may be NULL.
//   ws_softmax
// out[r] = (s - mean(s)) / sqrt(var(s) + epsilon) · gamma + beta with s = x[r] + residual[r]; residual may be NULL, out
// may be x. The variance is the biased one.
//   ws_layer_norm
// out = x + y; out may be either.
//   ws_add
// One step of an LSTM cell: `gates` holds the sums of the input, candidate, forget and output gate, `width` each. cell =
// clip(σ(forget + forget_bias) · cell + σ(input) · tanh(candidate)) in place, out = σ(output) · tanh(cell).
//   ws_lstm
// out = σ(carry) · relu(transform) + (1 - σ(carry)) · x; out may be any of them.
//   ws_highway
// In place: every value to the nearest between -bound and bound.
//   ws_clip
// out[c] = the largest of column c; a NaN in it wins.
//   ws_max_rows
// Codes of x under one scale per row, scales[r] = max|x[r]| / 127, 1 for a row of zeros: code = x / scale, halves to even, plus 128.
// A row with a value that is not finite has the scale NaN. codes [rows, columns] without gaps.
//   ws_quantize_rows
// out[r, c] = sums[r, c] · row_scales[r] · column_scales[c]
//   ws_scale_sums
#define WS_DECLARE(T, S)                                                                                          \
  ptrdiff_t ws_panel_width_##S(void);                                                                             \
  void ws_pack_##S(const T *b, ptrdiff_t n, ptrdiff_t k, ptrdiff_t row_stride, ptrdiff_t column_stride, T *out);  \
  void ws_gemm_##S(const T *a, ptrdiff_t lda, ptrdiff_t m, const T *panels, ptrdiff_t n, ptrdiff_t k, T *c,       \
                   ptrdiff_t ldc);                                                                                \
  void ws_bias_activate_##S(const T *x, ptrdiff_t ldx, ptrdiff_t rows, ptrdiff_t columns, const T *bias,          \
                            int activation, T *out, ptrdiff_t ldout);                                             \
  void ws_softmax_##S(T *x, ptrdiff_t ld, ptrdiff_t rows, ptrdiff_t columns, T scale, const T *bias);             \
  void ws_layer_norm_##S(const T *x, const T *residual, ptrdiff_t rows, ptrdiff_t width, const T *gamma,          \
                         const T *beta, T epsilon, T *out);                                                       \
  void ws_add_##S(const T *x, const T *y, ptrdiff_t count, T *out);                                               \
  void ws_lstm_##S(const T *gates, ptrdiff_t width, T forget_bias, T bound, T *cell, T *out);                     \
  void ws_highway_##S(const T *carry, const T *transform, const T *x, ptrdiff_t count, T *out);                   \
  void ws_clip_##S(T *x, ptrdiff_t count, T bound);                                                               \
  void ws_max_rows_##S(const T *x, ptrdiff_t ld, ptrdiff_t rows, ptrdiff_t columns, T *out);                      \
  void ws_quantize_rows_##S(const T *x, ptrdiff_t ldx, ptrdiff_t rows, ptrdiff_t columns, uint8_t *codes,         \
                            T *scales);                                                                           \
  void ws_scale_sums_##S(const int32_t *sums, ptrdiff_t lds, ptrdiff_t rows, ptrdiff_t columns,                   \
                         const T *row_scales, const T *column_scales, T *out, ptrdiff_t ldout);

WS_DECLARE(float, f32)
WS_DECLARE(double, f64)
// The instances that those choose from; `portable` runs on every CPU.
WS_DECLARE(float, f32_portable)
WS_DECLARE(double, f64_portable)
#if defined(__x86_64__)
WS_DECLARE(float, f32_avx2)
WS_DECLARE(double, f64_avx2)
#endif
#undef WS_DECLARE

// C[m, n] = (A[m, k] - 128) · B[n, k]ᵀ in integers, exact for k up to 133,144. `portable` is the one for every CPU.
void ws_gemm_u8s8(const uint8_t *a, ptrdiff_t lda, ptrdiff_t m, const int8_t *b, ptrdiff_t ldb, ptrdiff_t n,
                  ptrdiff_t k, int32_t *c, ptrdiff_t ldc);
void ws_gemm_u8s8_portable(const uint8_t *a, ptrdiff_t lda, ptrdiff_t m, const int8_t *b, ptrdiff_t ldb, ptrdiff_t n,
                           ptrdiff_t k, int32_t *c, ptrdiff_t ldc);
// Whether the CPU adds up products of bytes in one instruction and without saturating.
int ws_has_vnni(void);

// Whether the CPU multiplies with 512-bit vectors, which our own matrix product does not use.
int ws_has_avx512(void);
#endif
