({ w, second_noun }) => {
  const push = { cats: 1, dogs: 1, dog: -1 }, state = [], gradient = [];
  const words = ("the cats which sat near the " + second_noun +
    " and slept there and played alone and sat again and waited quietly").split(" ");
  for (const word of words) state.push(Math.tanh(w * (state.at(-1) ?? 0) + (push[word] ?? 0)));
  for (let t = words.length - 1, sum = 0; t >= 0; t--) {
    gradient.unshift(sum);
    sum += Math.log10(w * (1 - state[t] ** 2));
  }
  const plain = (v, digits) => v.toFixed(digits).replace(/^-(0\.?0*)$/, "$1");
  const last = state.at(-1), left = plain(gradient[1], 1);
  return {
    state, gradient,
    answer: `last state ${plain(last, 2)}: ${last > 0 ? "were, right" : "was, wrong"}`,
    left: `share of the gradient at the noun: 10^${left}`,
    alt: `Two lines along the words “${words.join(" ")}” for w = ${w.toFixed(2)}. Above: the state, ` +
      `${plain(state[1], 2)} at cats, ${plain(state[6], 2)} at ${second_noun}, ${plain(last, 2)} at the end. ` +
      `Below: log10 of the share of the gradient, ${left} at cats, 0.0 at the end.`,
  };
}
