/** Fuzzy matching for the palette: letters in order, better when they start words or stand together. */

const isStart = (text, i) => i === 0 || /[\s/_.,:–-]/.test(text[i - 1]);

/** Return {score, marks} (marks: the matched places) or null. */
export function match(query, text) {
  const needle = query.toLowerCase().replace(/\s+/g, "");
  const hay = text.toLowerCase();
  if (!needle) return { score: 0, marks: [] };
  const whole = hay.indexOf(query.toLowerCase().trim());
  if (whole >= 0) {
    const marks = Array.from({ length: query.trim().length }, (_, k) => whole + k);
    return { score: 100 + (isStart(hay, whole) ? 50 : 0) - whole / 10 - hay.length / 100, marks };
  }
  const marks = [];
  let score = 0;
  let from = 0;
  for (const letter of needle) {
    const at = next(hay, letter, from);
    if (at < 0) return null;
    score += isStart(hay, at) ? 8 : at === from && marks.length ? 5 : 1;
    marks.push(at);
    from = at + 1;
  }
  return { score: score - (marks[marks.length - 1] - marks[0]) / 10 - hay.length / 100, marks };
}

/** Prefer the start of a word to the next letter that happens to fit. */
function next(hay, letter, from) {
  const near = hay.indexOf(letter, from);
  if (near === from) return near;
  for (let at = near; at >= 0; at = hay.indexOf(letter, at + 1)) if (isStart(hay, at)) return at;
  return near;
}
