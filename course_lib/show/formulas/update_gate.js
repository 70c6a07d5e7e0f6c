({ keep_bias: bias, words }) => {
  const z = 1 / (1 + Math.exp(-bias)), at = k => (1 - z) * z ** k, log = k => Math.log10(Math.max(at(k), 1e-9));
  const share = v => v >= 0.0001 ? v.toFixed(4) : "< 0.0001", first = at(0).toFixed(4), last = share(at(words));
  return {
    point: [[z - 0.01, z + 0.01], [1 - z, 1 - z]], shares: `keep ${z.toFixed(3)}, write ${(1 - z).toFixed(3)}`,
    left: Array.from({ length: 101 }, (_, k) => log(k)), here: [[words - 0.5, words + 0.5], [log(words), log(words)]],
    shown: `at once ${first}, ${words} words later ${last}`,
    alt: `Left: a point on the line from keep 0, write 1 to keep 1, write 0, for a keep bias of ${bias.toFixed(2)}. ` +
      `Right: the share of the noun in the state is ${first} at once, ${last} after ${words} words.`,
  };
}
