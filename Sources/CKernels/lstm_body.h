INLINE vec sigmoid_(vec x) { return (vec)(T)1 / ((vec)(T)1 + exp_(-x)); }

// A value between -bound and bound; a NaN stays one.
INLINE vec clip_(vec x, vec bound) {
  x = select_(x > bound, bound, x);
  return select_(x < -bound, -bound, x);
}

INLINE vec some(const T *p, ptrdiff_t count) { return count == LANES ? load(p) : load_part(p, count); }

INLINE void put(T *p, vec v, ptrdiff_t count) {
  if (count == LANES) store(p, v);
  else store_part(p, v, count);
}

void WS(lstm)(const T *gates, ptrdiff_t width, T forget_bias, T bound, T *cell, T *out) {
  const T *input = gates, *candidate = gates + width, *forget = gates + 2 * width, *output = gates + 3 * width;
  for (ptrdiff_t k = 0; k < width; k += LANES) {
    ptrdiff_t n = width - k < LANES ? width - k : LANES;
    vec kept = sigmoid_(some(forget + k, n) + (vec)forget_bias) * some(cell + k, n);
    vec c = kept + sigmoid_(some(input + k, n)) * tanh_(some(candidate + k, n));
    c = clip_(c, (vec)bound);
    put(cell + k, c, n);
    put(out + k, sigmoid_(some(output + k, n)) * tanh_(c), n);
  }
}

void WS(highway)(const T *carry, const T *transform, const T *x, ptrdiff_t count, T *out) {
  for (ptrdiff_t k = 0; k < count; k += LANES) {
    ptrdiff_t n = count - k < LANES ? count - k : LANES;
    vec gate = sigmoid_(some(carry + k, n)), made = some(transform + k, n);
    made = select_(made < (vec)(T)0, (vec)(T)0, made);
    put(out + k, gate * made + ((vec)(T)1 - gate) * some(x + k, n), n);
  }
}

void WS(clip)(T *x, ptrdiff_t count, T bound) {
  for (ptrdiff_t k = 0; k < count; k += LANES) {
    ptrdiff_t n = count - k < LANES ? count - k : LANES;
    put(x + k, clip_(some(x + k, n), (vec)bound), n);
  }
}

void WS(max_rows)(const T *x, ptrdiff_t ld, ptrdiff_t rows, ptrdiff_t columns, T *out) {
  for (ptrdiff_t c = 0; c < columns; c++) out[c] = x[c];
  for (ptrdiff_t r = 1; r < rows; r++) {
    x += ld;
    for (ptrdiff_t c = 0; c < columns; c++) out[c] = x[c] > out[c] || x[c] != x[c] ? x[c] : out[c];
  }
}
