// Exact integer products of bytes. Activations are unsigned with zero point 128, weights are signed.
#include "kernels.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

static void gemm_portable(const uint8_t *a, ptrdiff_t lda, ptrdiff_t m, const int8_t *b, ptrdiff_t ldb, ptrdiff_t n,
                          ptrdiff_t k, int32_t *c, ptrdiff_t ldc) {
  for (ptrdiff_t i = 0; i < m; i++)
    for (ptrdiff_t j = 0; j < n; j++) {
      int32_t sum = 0;
      for (ptrdiff_t p = 0; p < k; p++) sum += ((int32_t)a[i * lda + p] - 128) * (int32_t)b[j * ldb + p];
      c[i * ldc + j] = sum;
    }
}

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2")))

AVX2 static inline int32_t total(__m256i v) {
  __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4E));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0xB1));
  return _mm_cvtsi128_si32(s);
}

AVX2 static inline __m256i activations(const uint8_t *p) {
  return _mm256_sub_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)p)), _mm256_set1_epi16(128));
}

// Two rows of A by four of B. Pairs are multiplied as 16-bit numbers: unlike the byte instruction, that cannot saturate.
AVX2 static void block(const uint8_t *a0, const uint8_t *a1, const int8_t *const b[4], ptrdiff_t k, int32_t out[2][4]) {
  __m256i sums[2][4];
  for (int j = 0; j < 4; j++) sums[0][j] = sums[1][j] = _mm256_setzero_si256();
  ptrdiff_t p = 0;
  for (; p + 16 <= k; p += 16) {
    __m256i x = activations(a0 + p), y = activations(a1 + p);
    for (int j = 0; j < 4; j++) {
      __m256i w = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(b[j] + p)));
      sums[0][j] = _mm256_add_epi32(sums[0][j], _mm256_madd_epi16(x, w));
      sums[1][j] = _mm256_add_epi32(sums[1][j], _mm256_madd_epi16(y, w));
    }
  }
  for (int j = 0; j < 4; j++) {
    int32_t s0 = total(sums[0][j]), s1 = total(sums[1][j]);
    for (ptrdiff_t q = p; q < k; q++) {
      s0 += ((int32_t)a0[q] - 128) * (int32_t)b[j][q];
      s1 += ((int32_t)a1[q] - 128) * (int32_t)b[j][q];
    }
    out[0][j] = s0;
    out[1][j] = s1;
  }
}

AVX2 static void gemm_avx2(const uint8_t *a, ptrdiff_t lda, ptrdiff_t m, const int8_t *b, ptrdiff_t ldb, ptrdiff_t n,
                           ptrdiff_t k, int32_t *c, ptrdiff_t ldc) {
  for (ptrdiff_t j = 0; j < n; j += 4)
    for (ptrdiff_t i = 0; i < m; i += 2) {
      const int8_t *rows[4];
      int32_t out[2][4];
      // Beyond the last row the last one is multiplied once more, and not kept.
      for (ptrdiff_t q = 0; q < 4; q++) rows[q] = b + (j + q < n ? j + q : n - 1) * ldb;
      block(a + i * lda, a + (i + 1 < m ? i + 1 : i) * lda, rows, k, out);
      for (ptrdiff_t q = 0; q < 4 && j + q < n; q++) {
        c[i * ldc + j + q] = out[0][q];
        if (i + 1 < m) c[(i + 1) * ldc + j + q] = out[1][q];
      }
    }
}

int ws_has_vnni(void) { return __builtin_cpu_supports("avx512vnni") != 0; }
#else
int ws_has_vnni(void) { return 0; }
#endif

void ws_gemm_u8s8_portable(const uint8_t *a, ptrdiff_t lda, ptrdiff_t m, const int8_t *b, ptrdiff_t ldb, ptrdiff_t n,
                           ptrdiff_t k, int32_t *c, ptrdiff_t ldc) {
  gemm_portable(a, lda, m, b, ldb, n, k, c, ldc);
}

void ws_gemm_u8s8(const uint8_t *a, ptrdiff_t lda, ptrdiff_t m, const int8_t *b, ptrdiff_t ldb, ptrdiff_t n,
                  ptrdiff_t k, int32_t *c, ptrdiff_t ldc) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    gemm_avx2(a, lda, m, b, ldb, n, k, c, ldc);
    return;
  }
#endif
  gemm_portable(a, lda, m, b, ldb, n, k, c, ldc);
}
