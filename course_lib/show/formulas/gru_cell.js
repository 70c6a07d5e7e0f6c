({ reset_gate: r, update_gate: z, x_n, h_n, h_prev }) => {
  const two = v => v.toFixed(2).replace(/^-0\.00$/, "0.00");
  const bar = (x, y, v, unit = 0.4) => [[x, x + unit * v], [y, y]];
  const n_t = Math.tanh(x_n + r * h_n), kept = z * h_prev, written = (1 - z) * n_t, h_t = kept + written;
  return {
    r: two(r), z: two(z), keep_not: two(1 - z), x_n: two(x_n), h_n: two(h_n),
    h_prev: two(h_prev), passed: two(r * h_n), n_t: two(n_t), kept: two(kept), written: two(written), h_t: two(h_t),
    bar_z: bar(1.1, 1.02, z, 1), bar_r: bar(5.7, 1.02, r, 1),
    bar_x_n: bar(3.85, 0.76, x_n, 0.2), bar_h_n: bar(5, 0.76, h_n, 0.2),
    bar_h_prev: bar(0.75, 4.3, h_prev), bar_kept: bar(2.75, 4.3, kept), bar_h_t: bar(5.1, 4.3, h_t),
    bar_written: bar(5.1, 3.15, written), bar_n_t: bar(5.1, 2.07, n_t),
    alt: `A GRU cell with numbers at its wires: a reset gate of ${two(r)} lets ${two(r * h_n)} of the ` +
      `state's part into the candidate, which is ${two(n_t)}. An update gate of ${two(z)} keeps ${two(kept)} of ` +
      `the state ${two(h_prev)} and adds ${two(written)} of the candidate: the new state is ${two(h_t)}.`,
  };
}
