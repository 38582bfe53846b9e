// C = A · Bᵀ with B packed in panels of WIDTH columns. A micro kernel keeps ROWS × WIDTH sums in registers: 6 × 2 vectors
// are the most that 16 vector registers hold beside two of B and one of A.
#define ROWS 6
#define WIDTH (2 * LANES)
// A slice of one panel of this depth stays in the first-level cache while all rows of A pass by.
#define DEPTH 384

void WS(pack)(const T *b, ptrdiff_t n, ptrdiff_t k, ptrdiff_t row_stride, ptrdiff_t column_stride, T *out) {
  for (ptrdiff_t first = 0; first < n; first += WIDTH, out += WIDTH * k) {
    ptrdiff_t columns = n - first < WIDTH ? n - first : WIDTH;
    const T *rows = b + first * row_stride;
    if (row_stride == 1 && columns == WIDTH) {
      for (ptrdiff_t p = 0; p < k; p++)
        __builtin_memcpy(out + p * WIDTH, rows + p * column_stride, WIDTH * sizeof(T));
      continue;
    }
    if (columns < WIDTH) __builtin_memset(out, 0, (size_t)(WIDTH * k) * sizeof(T));
    for (ptrdiff_t i = 0; i < columns; i++)
      for (ptrdiff_t p = 0; p < k; p++) out[p * WIDTH + i] = rows[i * row_stride + p * column_stride];
  }
}

// `rows` is a constant wherever this is inlined, so `sum` lives in registers.
INLINE void micro(int rows, const T *a, ptrdiff_t lda, const T *b, ptrdiff_t k, T *c, ptrdiff_t ldc, int add) {
  vec sum[ROWS][2];
  for (int i = 0; i < rows; i++) {
    sum[i][0] = add ? load(c + i * ldc) : (vec)(T)0;
    sum[i][1] = add ? load(c + i * ldc + LANES) : (vec)(T)0;
  }
  for (ptrdiff_t p = 0; p < k; p++, b += WIDTH) {
    vec left = load(b), right = load(b + LANES);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      vec x = (vec)a[i * lda + p];
      sum[i][0] = fma_(x, left, sum[i][0]);
      sum[i][1] = fma_(x, right, sum[i][1]);
    }
  }
  for (int i = 0; i < rows; i++) {
    store(c + i * ldc, sum[i][0]);
    store(c + i * ldc + LANES, sum[i][1]);
  }
}

static void micro_rows(ptrdiff_t rows, const T *a, ptrdiff_t lda, const T *b, ptrdiff_t k, T *c, ptrdiff_t ldc,
                           int add) {
  switch (rows) {
    case 1: micro(1, a, lda, b, k, c, ldc, add); break;
    case 2: micro(2, a, lda, b, k, c, ldc, add); break;
    case 3: micro(3, a, lda, b, k, c, ldc, add); break;
    case 4: micro(4, a, lda, b, k, c, ldc, add); break;
    case 5: micro(5, a, lda, b, k, c, ldc, add); break;
    default: micro(6, a, lda, b, k, c, ldc, add);
  }
}

// The last, narrower panel: computed whole beside C, then its real columns are copied.
static void micro_edge(ptrdiff_t rows, ptrdiff_t columns, const T *a, ptrdiff_t lda, const T *b, ptrdiff_t k, T *c,
                           ptrdiff_t ldc, int add) {
  T whole[ROWS * WIDTH] = {0};
  for (ptrdiff_t i = 0; add && i < rows; i++)
    __builtin_memcpy(whole + i * WIDTH, c + i * ldc, (size_t)columns * sizeof(T));
  micro_rows(rows, a, lda, b, k, whole, WIDTH, add);
  for (ptrdiff_t i = 0; i < rows; i++)
    __builtin_memcpy(c + i * ldc, whole + i * WIDTH, (size_t)columns * sizeof(T));
}

void WS(gemm)(const T *a, ptrdiff_t lda, ptrdiff_t m, const T *panels, ptrdiff_t n, ptrdiff_t k, T *c,
                     ptrdiff_t ldc) {
  for (ptrdiff_t first = 0; first == 0 || first < k; first += DEPTH) {
    ptrdiff_t depth = k - first < DEPTH ? k - first : DEPTH;
    for (ptrdiff_t column = 0; column < n; column += WIDTH) {
      const T *b = panels + column * k + first * WIDTH;
      ptrdiff_t columns = n - column < WIDTH ? n - column : WIDTH;
      for (ptrdiff_t row = 0; row < m; row += ROWS) {
        ptrdiff_t rows = m - row < ROWS ? m - row : ROWS;
        const T *left = a + row * lda + first;
        T *out = c + row * ldc + column;
        if (columns == WIDTH) micro_rows(rows, left, lda, b, depth, out, ldc, first > 0);
        else micro_edge(rows, columns, left, lda, b, depth, out, ldc, first > 0);
      }
    }
  }
}

ptrdiff_t WS(panel_width)(void) { return WIDTH; }
