({ w }) => {
  const state = [Math.tanh(1)];
  for (let t = 1; t <= 50; t++) state.push(Math.tanh(w * state[t - 1]));
  const last = state[50].toFixed(3).replace("-0.000", "0.000"), one = w.toFixed(1).replace("-0.0", "0.0");
  return {
    state, left: `w = ${one}: after 50 silent steps the state is ${last}`,
    alt: `The state of one neuron with weight ${one} after a pulse. ` +
      `After 50 silent steps it is ${last}${w < 0 ? "; its sign changes at each step" : ""}.`,
  };
}
