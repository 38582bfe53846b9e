// The largest score is subtracted first, so e^x never overflows. A NaN among the scores makes the whole row NaN.
void WS(softmax)(T *x, ptrdiff_t ld, ptrdiff_t rows, ptrdiff_t columns, T scale, const T *bias) {
  for (ptrdiff_t r = 0; r < rows; r++, x += ld) {
    T largest = -(T)__builtin_inf();
    for (ptrdiff_t c = 0; c < columns; c++) {
      x[c] = x[c] * scale + (bias ? bias[c] : (T)0);
      largest = x[c] > largest ? x[c] : largest;
    }
    vec total = (vec)(T)0;
    ptrdiff_t c = 0;
    for (; c + LANES <= columns; c += LANES) {
      vec e = exp_(load(x + c) - (vec)largest);
      store(x + c, e);
      total += e;
    }
    T sum = sum_(total);
    if (c < columns) {
      store_part(x + c, exp_(load_part(x + c, columns - c) - (vec)largest), columns - c);
      for (; c < columns; c++) sum += x[c];
    }
    T inverse = 1 / sum;
    for (c = 0; c < columns; c++) x[c] *= inverse;
  }
}

INLINE vec summand(const T *x, const T *residual, ptrdiff_t c, ptrdiff_t width) {
  if (c + LANES <= width) return residual ? load(x + c) + load(residual + c) : load(x + c);
  vec v = load_part(x + c, width - c);
  return residual ? v + load_part(residual + c, width - c) : v;
}

// Two passes: the variance of the differences from the mean, which does not cancel.
void WS(layer_norm)(const T *x, const T *residual, ptrdiff_t rows, ptrdiff_t width, const T *gamma,
                           const T *beta, T epsilon, T *out) {
  for (ptrdiff_t r = 0; r < rows; r++) {
    vec total = (vec)(T)0, squares = (vec)(T)0;
    for (ptrdiff_t c = 0; c < width; c += LANES) total += summand(x, residual, c, width);
    T mean = sum_(total) / (T)width;
    ptrdiff_t whole = width - width % LANES;
    for (ptrdiff_t c = 0; c < whole; c += LANES) {
      vec d = summand(x, residual, c, width) - (vec)mean;
      squares = fma_(d, d, squares);
    }
    T sum = sum_(squares);
    for (ptrdiff_t c = whole; c < width; c++) {
      T d = (residual ? x[c] + residual[c] : x[c]) - mean;
      sum += d * d;
    }
    T scale = 1 / WS_SQRT(sum / (T)width + epsilon);
    for (ptrdiff_t c = 0; c < width; c += LANES) {
      ptrdiff_t part = width - c < LANES ? width - c : LANES;
      vec v = (summand(x, residual, c, width) - (vec)mean) * (vec)scale;
      if (part == LANES) store(out + c, fma_(v, load(gamma + c), load(beta + c)));
      else store_part(out + c, fma_(v, load_part(gamma + c, part), load_part(beta + c, part)), part);
    }
    x += width;
    out += width;
    if (residual) residual += width;
  }
}
