({ forget_gate: f, input_gate: i, candidate: g, output_gate: o, c_prev }) => {
  const two = v => v.toFixed(2).replace(/^-0\.00$/, "0.00");
  const bar = (x, y, v, unit = 0.2) => [[x, x + unit * v], [y, y]];
  const kept = f * c_prev, written = i * g, c_t = kept + written, squashed = Math.tanh(c_t), h_t = o * squashed;
  return {
    f: two(f), i: two(i), g: two(g), o: two(o), c_prev: two(c_prev), kept: two(kept), written: two(written),
    c_t: two(c_t), squashed: two(squashed), h_t: two(h_t),
    bar_f: bar(0.85, 1.02, f, 1), bar_i: bar(2.2, 1.02, i, 1), bar_g: bar(4, 1.02, g, 0.5),
    bar_o: bar(4.75, 1.02, o, 1),
    bar_c_prev: bar(0.75, 4.3, c_prev), bar_kept: bar(2.7, 4.3, kept), bar_c_t: bar(5, 4.3, c_t),
    bar_written: bar(4.7, 3.15, written), bar_h_t: bar(6.38, 1.5, h_t),
    alt: `An LSTM cell with numbers at its wires: a forget gate of ${two(f)} keeps ${two(kept)} of the cell ` +
      `state ${two(c_prev)}, an input gate of ${two(i)} adds ${two(written)}, the new cell state is ${two(c_t)}; ` +
      `an output gate of ${two(o)} shows ${two(h_t)} as hidden state.`,
  };
}
