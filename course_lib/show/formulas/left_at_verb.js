({ forget_bias: bias, clauses }) => {
  const k = clauses ? 2 + 3 * clauses : 0, f = 1 / (1 + Math.exp(-bias)), left = [];
  for (let n = 0; n <= 70; n++) left.push(f ** n);
  const title = `gate ${f.toFixed(3)}, memory time ${(1 + Math.exp(bias)).toFixed(1)} words; ` +
    `left after ${k} words: ${(100 * f ** k).toFixed(1)} %`;
  return {
    left, verb: [[k, k], [0, 1]], dot: [[k], [f ** k]], title,
    alt: "A falling curve: what is left of the noun after 0 to 70 words for a forget bias of " +
      `${bias.toFixed(2)}. ${title}.`,
  };
}
