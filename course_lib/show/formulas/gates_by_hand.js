({ input_gate: i, forget_gate: f, output_gate: o }) => {
  const c = [0], h = [0], two = v => v.toFixed(2);
  for (let t = 1; t <= 80; t++) {
    c.push(f * c[t - 1] + i * (t <= 40 ? 1 : 0));
    h.push(o * Math.tanh(c[t]));
  }
  const end = f === 1 ? "stays where it is" : f ? "decays" : "falls to 0 at once";
  return {
    c, h, stored: `stored: c at step 40 is ${two(c[40])}, at the end ${two(c[80])}`,
    shown: `shown: h at the end is ${two(h[80])}`,
    alt: `Two line plots over 80 steps with i = ${two(i)}, f = ${two(f)}, o = ${two(o)}. ` +
      `Above: the cell state c while the candidate is 1, up to step 40, and after that, when it ${end}. ` +
      `Below: the hidden state h, which is never above ${two(o)}.`,
  };
}
