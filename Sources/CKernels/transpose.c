// Cache-blocked transposes. The inner kernel turns a square of 16 to 64 bytes a side in registers; the loops around it run
// down the rows of a panel, so that each target row is written in long runs while the panel's source lines are still in cache.
#include "transpose.h"
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef uint8_t byte;
typedef void kernel(byte *target, size_t target_stride, const byte *source, size_t source_stride);
#define INLINE __attribute__((always_inline)) static inline

// Bytes of one target row that are written before the next panel of columns: measured best from 512 to 2048.
enum { PANEL_BYTES = 1024, LINE_BYTES = 64 };

// Any size, element by element: the edges, and machines without kernels.
INLINE void scalar(byte *t, size_t ts, const byte *s, size_t ss, size_t rows, size_t columns, size_t width) {
  for (size_t c = 0; c < columns; c++)
    for (size_t r = 0; r < rows; r++) memcpy(t + c * ts + r * width, s + r * ss + c * width, width);
}

// `side` elements a side per kernel call. `width` and `side` are constants after inlining.
INLINE void blocked(byte *t, const byte *s, size_t rows, size_t columns, size_t ss, size_t width, size_t side,
                    kernel *turn) {
  const size_t ts = rows * width, panel = PANEL_BYTES / width, line = LINE_BYTES / width;
  const size_t whole_rows = rows / side * side, whole_columns = columns / side * side;
  for (size_t r0 = 0; r0 < whole_rows; r0 += panel) {
    const size_t r1 = r0 + panel < whole_rows ? r0 + panel : whole_rows;
    for (size_t c0 = 0; c0 < whole_columns; c0 += line) {
      const size_t c1 = c0 + line < whole_columns ? c0 + line : whole_columns;
      for (size_t r = r0; r < r1; r += side)
        for (size_t c = c0; c < c1; c += side) turn(t + c * ts + r * width, ts, s + r * ss + c * width, ss);
    }
  }
  scalar(t + whole_columns * ts, ts, s + whole_columns * width, ss, rows, columns - whole_columns, width);
  scalar(t + whole_rows * width, ts, s + whole_rows * ss, ss, rows - whole_rows, whole_columns, width);
}

INLINE void turn1(byte *t, size_t ts, const byte *s, size_t ss) { scalar(t, ts, s, ss, 16, 16, 1); }
INLINE void turn2(byte *t, size_t ts, const byte *s, size_t ss) { scalar(t, ts, s, ss, 8, 8, 2); }
INLINE void turn4(byte *t, size_t ts, const byte *s, size_t ss) { scalar(t, ts, s, ss, 8, 8, 4); }
INLINE void turn8(byte *t, size_t ts, const byte *s, size_t ss) { scalar(t, ts, s, ss, 4, 4, 8); }

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2")))
#define AVX2_INLINE __attribute__((target("avx2"), always_inline)) static inline

// 16 x 16 bytes: four rounds of interleaving rows that are 8 apart bring element (r, c) to (c, r).
AVX2_INLINE void turn1_avx2(byte *t, size_t ts, const byte *s, size_t ss) {
  __m128i a[16], b[16];
  for (int i = 0; i < 16; i++) a[i] = _mm_loadu_si128((const __m128i *)(s + (size_t)i * ss));
  for (int round = 0; round < 4; round++) {
    for (int i = 0; i < 8; i++) {
      b[2 * i] = _mm_unpacklo_epi8(a[i], a[i + 8]);
      b[2 * i + 1] = _mm_unpackhi_epi8(a[i], a[i + 8]);
    }
    memcpy(a, b, sizeof a);
  }
  for (int i = 0; i < 16; i++) _mm_storeu_si128((__m128i *)(t + (size_t)i * ts), a[i]);
}

// 8 x 8 elements of 2 bytes, the same way in three rounds.
AVX2_INLINE void turn2_avx2(byte *t, size_t ts, const byte *s, size_t ss) {
  __m128i a[8], b[8];
  for (int i = 0; i < 8; i++) a[i] = _mm_loadu_si128((const __m128i *)(s + (size_t)i * ss));
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 4; i++) {
      b[2 * i] = _mm_unpacklo_epi16(a[i], a[i + 4]);
      b[2 * i + 1] = _mm_unpackhi_epi16(a[i], a[i + 4]);
    }
    memcpy(a, b, sizeof a);
  }
  for (int i = 0; i < 8; i++) _mm_storeu_si128((__m128i *)(t + (size_t)i * ts), a[i]);
}

// 8 x 8 elements of 4 bytes: rows i and i + 4 share a register, so that 128-bit shuffles finish the work.
AVX2_INLINE void turn4_avx2(byte *t, size_t ts, const byte *s, size_t ss) {
  for (size_t half = 0; half < 2; half++) {
    __m256 row[4];
    for (size_t i = 0; i < 4; i++) {
      const __m128 upper = _mm_loadu_ps((const float *)(s + i * ss + 16 * half));
      const __m128 lower = _mm_loadu_ps((const float *)(s + (i + 4) * ss + 16 * half));
      row[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(upper), lower, 1);
    }
    const __m256 a = _mm256_unpacklo_ps(row[0], row[1]), b = _mm256_unpackhi_ps(row[0], row[1]);
    const __m256 c = _mm256_unpacklo_ps(row[2], row[3]), d = _mm256_unpackhi_ps(row[2], row[3]);
    byte *out = t + 4 * half * ts;
    _mm256_storeu_ps((float *)out, _mm256_shuffle_ps(a, c, 0x44));
    _mm256_storeu_ps((float *)(out + ts), _mm256_shuffle_ps(a, c, 0xEE));
    _mm256_storeu_ps((float *)(out + 2 * ts), _mm256_shuffle_ps(b, d, 0x44));
    _mm256_storeu_ps((float *)(out + 3 * ts), _mm256_shuffle_ps(b, d, 0xEE));
  }
}

// 4 x 4 elements of 8 bytes.
AVX2_INLINE void turn8_avx2(byte *t, size_t ts, const byte *s, size_t ss) {
  __m256d row[4];
  for (size_t i = 0; i < 4; i++) row[i] = _mm256_loadu_pd((const double *)(s + i * ss));
  const __m256d a = _mm256_unpacklo_pd(row[0], row[1]), b = _mm256_unpackhi_pd(row[0], row[1]);
  const __m256d c = _mm256_unpacklo_pd(row[2], row[3]), d = _mm256_unpackhi_pd(row[2], row[3]);
  _mm256_storeu_pd((double *)t, _mm256_permute2f128_pd(a, c, 0x20));
  _mm256_storeu_pd((double *)(t + ts), _mm256_permute2f128_pd(b, d, 0x20));
  _mm256_storeu_pd((double *)(t + 2 * ts), _mm256_permute2f128_pd(a, c, 0x31));
  _mm256_storeu_pd((double *)(t + 3 * ts), _mm256_permute2f128_pd(b, d, 0x31));
}

AVX2 static int transpose_avx2(byte *t, const byte *s, size_t rows, size_t columns, size_t ss, size_t width) {
  switch (width) {
    case 1: return blocked(t, s, rows, columns, ss, 1, 16, turn1_avx2), 0;
    case 2: return blocked(t, s, rows, columns, ss, 2, 8, turn2_avx2), 0;
    case 4: return blocked(t, s, rows, columns, ss, 4, 8, turn4_avx2), 0;
    case 8: return blocked(t, s, rows, columns, ss, 8, 4, turn8_avx2), 0;
    default: return 1;
  }
}
#endif

static int transpose_portable(byte *t, const byte *s, size_t rows, size_t columns, size_t ss, size_t width) {
  switch (width) {
    case 1: return blocked(t, s, rows, columns, ss, 1, 16, turn1), 0;
    case 2: return blocked(t, s, rows, columns, ss, 2, 8, turn2), 0;
    case 4: return blocked(t, s, rows, columns, ss, 4, 8, turn4), 0;
    case 8: return blocked(t, s, rows, columns, ss, 8, 4, turn8), 0;
    default: return 1;
  }
}

int ws_transpose(void *target, const void *source, size_t rows, size_t columns, size_t source_stride,
                 size_t element_bytes) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2"))
    return transpose_avx2(target, source, rows, columns, source_stride, element_bytes);
#endif
  return transpose_portable(target, source, rows, columns, source_stride, element_bytes);
}
