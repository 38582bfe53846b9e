// C = A · Bᵀ with B packed in panels of WIDTH columns. A micro kernel keeps ROWS × WIDTH sums in registers: 6 × 2 vectors
// are the most that 16 vector registers hold beside two of B and one of A.
#define ROWS 6
#define WIDTH (2 * LANES)
// A slice of one panel of this depth stays in the first-level cache while the rows of A pass by.
#define DEPTH 256
// Rows of A taken at a time: as many bytes as stay in the second-level cache with their slice of depth.
#define BLOCK ((ptrdiff_t)(384 / sizeof(T)))
// From this many columns on it pays to copy a block of A into the order in which it is read.
#define COPY_FROM (24 * LANES)

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

// Element (i, p) of A is at a[i * across + p * along]. `rows` is a constant wherever this is inlined, so `sum` lives in
// registers.
INLINE void micro(int rows, const T *a, ptrdiff_t across, ptrdiff_t along, const T *b, ptrdiff_t k, T *c, ptrdiff_t ldc,
                  int add) {
  vec sum[ROWS][2];
  for (int i = 0; i < rows; i++) {
    sum[i][0] = sum[i][1] = (vec)(T)0;
    __builtin_prefetch(c + i * ldc, 1);
  }
  for (ptrdiff_t p = 0; p < k; p++, a += along, b += WIDTH) {
    vec left = load(b), right = load(b + LANES);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      vec x = (vec)a[i * across];
      sum[i][0] = fma_(x, left, sum[i][0]);
      sum[i][1] = fma_(x, right, sum[i][1]);
    }
  }
  for (int i = 0; i < rows; i++, c += ldc) {
    store(c, add ? load(c) + sum[i][0] : sum[i][0]);
    store(c + LANES, add ? load(c + LANES) + sum[i][1] : sum[i][1]);
  }
}

INLINE void micro_rows(ptrdiff_t rows, const T *a, ptrdiff_t across, ptrdiff_t along, const T *b, ptrdiff_t k, T *c,
                       ptrdiff_t ldc, int add) {
  switch (rows) {
    case 1: micro(1, a, across, along, b, k, c, ldc, add); break;
    case 2: micro(2, a, across, along, b, k, c, ldc, add); break;
    case 3: micro(3, a, across, along, b, k, c, ldc, add); break;
    case 4: micro(4, a, across, along, b, k, c, ldc, add); break;
    case 5: micro(5, a, across, along, b, k, c, ldc, add); break;
    default: micro(6, a, across, along, b, k, c, ldc, add);
  }
}

// Rows as they stand in A, and rows copied by `copy_block`.
static void micro_strided(ptrdiff_t rows, const T *a, ptrdiff_t lda, const T *b, ptrdiff_t k, T *c, ptrdiff_t ldc,
                          int add) {
  micro_rows(rows, a, lda, 1, b, k, c, ldc, add);
}

static void micro_copied(ptrdiff_t rows, const T *a, ptrdiff_t lda, const T *b, ptrdiff_t k, T *c, ptrdiff_t ldc,
                         int add) {
  (void)lda;
  micro_rows(rows, a, 1, ROWS, b, k, c, ldc, add);
}

// Groups of ROWS rows, each group column by column: what the micro kernel reads lies in one piece, whatever lda is.
static void copy_block(const T *a, ptrdiff_t lda, ptrdiff_t rows, ptrdiff_t depth, T *out) {
  for (; rows > 0; rows -= ROWS, a += ROWS * lda, out += ROWS * depth) {
    ptrdiff_t count = rows < ROWS ? rows : ROWS;
    if (count == ROWS) {
      for (ptrdiff_t p = 0; p < depth; p++)
        for (int i = 0; i < ROWS; i++) out[p * ROWS + i] = a[i * lda + p];
    } else {
      for (ptrdiff_t i = 0; i < count; i++)
        for (ptrdiff_t p = 0; p < depth; p++) out[p * ROWS + i] = a[i * lda + p];
    }
  }
}

// Fetches one of `shares` equal parts of the slice that comes next, while this one is being multiplied: with few rows the
// weights come from memory as fast as they are used up.
INLINE void fetch_share(const T *next, ptrdiff_t count, ptrdiff_t share, ptrdiff_t shares) {
  const char *from = (const char *)(next + count * share / shares), *to = (const char *)(next + count * (share + 1) / shares);
  for (; from < to; from += 64) __builtin_prefetch(from, 0, 2);
}

// One slice of depth of a block of rows against all panels. The last, narrower panel is computed whole beside C, then its
// real columns are copied.
INLINE void block_product(void (*kernel)(ptrdiff_t, const T *, ptrdiff_t, const T *, ptrdiff_t, T *, ptrdiff_t, int),
                          const T *a, ptrdiff_t group, ptrdiff_t lda, ptrdiff_t m, const T *panels, ptrdiff_t n,
                          ptrdiff_t k, ptrdiff_t depth, T *c, ptrdiff_t ldc, int add) {
  for (ptrdiff_t column = 0; column < n; column += WIDTH) {
    const T *b = panels + column * k;
    ptrdiff_t columns = n - column < WIDTH ? n - column : WIDTH;
    for (ptrdiff_t row = 0; row < m; row += ROWS) {
      ptrdiff_t rows = m - row < ROWS ? m - row : ROWS;
      T *out = c + row * ldc + column;
      if (kernel == micro_strided && column + WIDTH < n)
        fetch_share(b + WIDTH * k, depth * WIDTH, row / ROWS, (m + ROWS - 1) / ROWS);
      if (columns == WIDTH) {
        kernel(rows, a + row / ROWS * group, lda, b, depth, out, ldc, add);
        continue;
      }
      T whole[ROWS * WIDTH];
      kernel(rows, a + row / ROWS * group, lda, b, depth, whole, WIDTH, 0);
      for (ptrdiff_t i = 0; i < rows; i++)
        for (ptrdiff_t j = 0; j < columns; j++)
          out[i * ldc + j] = add ? out[i * ldc + j] + whole[i * WIDTH + j] : whole[i * WIDTH + j];
    }
  }
}

void WS(gemm)(const T *a, ptrdiff_t lda, ptrdiff_t m, const T *panels, ptrdiff_t n, ptrdiff_t k, T *c, ptrdiff_t ldc) {
  if (n < COPY_FROM) {
    for (ptrdiff_t first = 0; first == 0 || first < k; first += DEPTH) {
      ptrdiff_t depth = k - first < DEPTH ? k - first : DEPTH;
      block_product(micro_strided, a + first, ROWS * lda, lda, m, panels + first * WIDTH, n, k, depth, c, ldc,
                    first > 0);
    }
    return;
  }
  T copy[BLOCK * DEPTH];
  for (ptrdiff_t row = 0; row < m; row += BLOCK) {
    ptrdiff_t rows = m - row < BLOCK ? m - row : BLOCK;
    for (ptrdiff_t first = 0; first == 0 || first < k; first += DEPTH) {
      ptrdiff_t depth = k - first < DEPTH ? k - first : DEPTH;
      copy_block(a + row * lda + first, lda, rows, depth, copy);
      block_product(micro_copied, copy, ROWS * depth, 0, rows, panels + first * WIDTH, n, k, depth, c + row * ldc, ldc,
                    first > 0);
    }
  }
}

ptrdiff_t WS(panel_width)(void) { return WIDTH; }
