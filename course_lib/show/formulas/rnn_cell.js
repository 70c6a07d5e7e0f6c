({ x, w_xh, h_prev, w_hh, bias }) => {
  const two = v => v.toFixed(2).replace(/^-0\.00$/, "0.00");
  const bar = (px, py, v) => [[px, px + 0.2 * v], [py, py]];
  const from_x = w_xh * x, from_h = w_hh * h_prev, a_t = from_x + from_h + bias, h_t = Math.tanh(a_t);
  const y = 0.7 + 0.45 * h_t;
  return {
    x: two(x), w_xh: two(w_xh), h_prev: two(h_prev), w_hh: two(w_hh), bias: two(bias),
    from_x: two(from_x), from_h: two(from_h), a_t: two(a_t), h_t: two(h_t),
    bar_x: bar(3.95, 0.15, x), bar_h_prev: bar(0.62, 1.6, h_prev), bar_bias: bar(2.1, 3.3, bias),
    bar_from_x: bar(4.4, 1.6, from_x), bar_from_h: bar(2.4, 1.6, from_h),
    bar_a_t: bar(4.7, 2.9, a_t), bar_h_t: bar(6.4, 1.6, h_t),
    point: [[5.75 + 0.2 * (a_t - 0.05), 5.75 + 0.2 * (a_t + 0.05)], [y, y]],
    alt: `An RNN cell with numbers at its wires: ${two(from_x)} from the input, ${two(from_h)} from the state ` +
      `before and a bias of ${two(bias)} add up to ${two(a_t)}; the new state is tanh of it, ${two(h_t)}.`,
  };
}
