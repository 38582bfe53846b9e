// Products of bytes: what surrounds the integer sums (int8.c) in this precision.

// Codes of x[rows, columns] under one scale per row, scales[r] = max|x[r]| / 127: code = x / scale, halves to even, plus 128. A row
// with a value that is not finite has the scale NaN, and so have its products.
void WS(quantize_rows)(const T *x, ptrdiff_t ldx, ptrdiff_t rows, ptrdiff_t columns, uint8_t *codes, T *scales) {
  // Adding and taking away 1.5 · 2^(mantissa bits) rounds to an integer as the processor rounds.
  const T rounder = sizeof(T) == 4 ? (T)12582912.0 : (T)6755399441055744.0;
  for (ptrdiff_t r = 0; r < rows; r++, x += ldx, codes += columns) {
    vec largest = (vec)(T)0, probe = (vec)(T)0;
    for (ptrdiff_t c = 0; c < columns; c += LANES) {
      vec v = c + LANES <= columns ? load(x + c) : load_part(x + c, columns - c);
      vec a = abs_(v);
      largest = select_((ivec)(a > largest), a, largest);
      probe += v * (vec)(T)0;
    }
    T lanes[LANES], top = 0;
    store(lanes, largest);
    for (int i = 0; i < LANES; i++) top = lanes[i] > top ? lanes[i] : top;
    T scale = top / (T)127;
    int is_finite = sum_(probe) == 0;
    // Also where the largest magnitude is too small to have a 127th part.
    T divisor = is_finite && scale > 0 ? scale : 1;
    scales[r] = is_finite ? divisor : (T)__builtin_nan("");
    for (ptrdiff_t c = 0; c < columns; c += LANES) {
      ptrdiff_t count = columns - c < LANES ? columns - c : LANES;
      vec v = count == LANES ? load(x + c) : load_part(x + c, count);
      vec q = v / (vec)divisor;
      // Not finite, or a rounding of the scale beyond 127: neither may reach the conversion.
      q = select_((ivec)(q < (vec)(T)127), q, (vec)(T)127);
      q = select_((ivec)(q > (vec)(T)-127), q, (vec)(T)-127);
      q = (q + (vec)rounder) - (vec)rounder;
      ivec code = __builtin_convertvector(q, ivec) + 128;
      for (ptrdiff_t i = 0; i < count; i++) codes[c + i] = (uint8_t)code[i];
    }
  }
}

// out[r, c] = sums[r, c] · row_scales[r] · column_scales[c]
void WS(scale_sums)(const int32_t *sums, ptrdiff_t lds, ptrdiff_t rows, ptrdiff_t columns, const T *row_scales,
                    const T *column_scales, T *out, ptrdiff_t ldout) {
  for (ptrdiff_t r = 0; r < rows; r++, sums += lds, out += ldout)
    for (ptrdiff_t c = 0; c < columns; c++) out[c] = (T)sums[c] * row_scales[r] * column_scales[c];
}
