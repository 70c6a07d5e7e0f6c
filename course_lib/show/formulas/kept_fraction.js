({ forget_bias: bias, gate }) => {
  const open = 1 / (1 + Math.exp(-bias)), f = [], kept = [];
  for (let t = 1; t <= 1000; t++) {
    const closed = gate === "closed for one step in 25" && t % 25 === 0;
    const half = gate === "half open for ten steps" && t >= 100 && t < 110;
    f.push(closed ? 0 : half ? 0.5 : open);
    kept.push((t > 1 ? kept[t - 2] : 1) * f[t - 1]);
  }
  const life = (Math.log(0.5) / -Math.log1p(Math.exp(-bias))).toFixed(1);
  const first = kept.findIndex(k => k <= 0.5) + 1, x = first ? Math.log10(first) : 4; // 4 lies outside of the axes
  return {
    gate: f, kept, half: [[x, x], [0, 0.5]],
    open: `sigmoid(${bias.toFixed(2)}) = ${open.toFixed(4)}: half-life ${life} steps`,
    when: first ? `one half is gone after ${first} step${first > 1 ? "s" : ""}`
      : "more than one half is left after 1000 steps",
    alt: `Above: the forget gate over 1000 steps for a bias of ${bias.toFixed(2)}, ${gate}. ` +
      "Below: the fraction of the cell state that is left. With a constant gate one half is left after " +
      `${life} steps.`,
  };
}
