/**
 * Open comments where their words stand in the preview: marked, and a click or Enter leads to the comment. The preview
 * holds no place of the source, so words are found as a reader would, near where their line is.
 */

import { all, one } from "./dom.js";

// What Markdown puts around and between words, and a reader does not see.
const MARKS = /\]\([^)\s]*\)|[\s*_`[\]\\#>|]+/g;
const NOTHING = /[\s*_`[\]\\#>|]/;

/** Return the text nodes of an element and all their signs that count, each with its node and place. */
function signsOf(root) {
  const signs = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (let place = 0; place < node.data.length; place += 1) {
      if (!NOTHING.test(node.data[place])) signs.push({ node, place, sign: node.data[place] });
    }
  }
  return signs;
}

/** Return where the words begin among the signs, the place nearest to `share` (0 to 1) of the text; -1 for nowhere. */
function placeOf(text, words, share) {
  let best = -1;
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
    if (best < 0 || Math.abs(at / text.length - share) < Math.abs(best / text.length - share)) best = at;
  }
  return best;
}

/** Put a mark around a stretch of signs: one element a text node, so that nothing else in the page moves. */
function wrap(signs, comment) {
  const byNode = new Map();
  for (const { node, place } of signs) {
    const [from] = byNode.get(node) ?? [place];
    byNode.set(node, [from, place + 1]);
  }
  let isFirst = true;
  for (const [node, [from, to]] of byNode) {
    const middle = node.splitText(from);
    middle.splitText(to - from);
    const mark = document.createElement("mark");
    mark.className = "commented";
    mark.dataset.commentId = comment.id;
    if (isFirst) {
      mark.tabIndex = 0;
      mark.setAttribute("aria-describedby", comment.id);
    }
    isFirst = false;
    middle.replaceWith(mark);
    mark.append(middle);
  }
}

function unmark() {
  for (const mark of all("#preview mark.commented")) {
    const parent = mark.parentNode;
    mark.replaceWith(...mark.childNodes);
    parent.normalize();
  }
}

/** Mark the words of every open comment; one whose words are not in what is typed says so. */
export function markComments() {
  const preview = one("#preview");
  if (!preview) return;
  unmark();
  for (const comment of all("#comments [data-quote]")) {
    const words = comment.dataset.quote.replace(MARKS, "");
    const signs = signsOf(preview);
    const text = signs.map(({ sign }) => sign).join("");
    const at = words ? placeOf(text, words, Number(comment.dataset.at)) : -1;
    const lost = one("[data-lost]", comment);
    if (lost) lost.hidden = at >= 0;
    if (at >= 0) wrap(signs.slice(at, at + words.length), comment);
  }
}

/** Bring a comment into view and name it for a moment. */
export function showComment(id) {
  const comment = document.getElementById(id);
  if (!comment) return;
  all(".comment.is-shown").forEach((other) => other.classList.remove("is-shown"));
  comment.classList.add("is-shown");
  comment.scrollIntoView({ block: "nearest" });
  one("button, summary", comment)?.focus({ preventScroll: true });
}

/** Bring a comment's words in the preview into view. */
export function showWords(id) {
  all("#preview .commented.is-shown").forEach((mark) => mark.classList.remove("is-shown"));
  const marks = all(`#preview .commented[data-comment-id="${CSS.escape(id)}"]`);
  marks.forEach((mark) => mark.classList.add("is-shown"));
  marks[0]?.scrollIntoView({ block: "center" });
}
