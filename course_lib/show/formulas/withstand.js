({ w, push }) => {
  const words = "the cats which sat near the dog and slept there", pushes = { cats: push, dog: -push };
  const state = [];
  for (const word of words.split(" ")) {
    state.push(Math.tanh(w * (state.length ? state[state.length - 1] : 0) + (pushes[word] ?? 0)));
  }
  const last = state[state.length - 1];
  const answer = last > 0 ? "were, right" : last < 0 ? "was, wrong" : "no answer";
  const verdict = `w = ${w.toFixed(1)}, push ${push.toFixed(1)}: the last state is ${last.toFixed(2)}, so the answer is: ${answer}`;
  return { state, verdict, alt: `The state along the sentence “${words}”. ${verdict}.` };
}
