/** The server's least number of characters where it has not said another one. */
const MIN_LENGTH = 12;

export interface Judgement {
  isGood: boolean;
  sentence: string;
}

/**
 * What can be said about a new password while it is typed. It only advises: the server decides, and knows the commonest
 * passwords. No rules about kinds of characters (NIST SP 800-63B-4, 3.1.1.2).
 */
export function judgePassword(password: string, about: string[], minLength = MIN_LENGTH): Judgement {
  const length = Array.from(password).length;
  const folded = password.toLowerCase();
  const known = about.map((word) => word.trim().toLowerCase()).filter((word) => word.length > 2);
  // An address may contain the username: the longer goes first.
  known.sort((one, other) => other.length - one.length);
  const rest = known.reduce((left, word) => left.replaceAll(word, ""), folded);
  if (length < minLength)
    return { isGood: false, sentence: `${String(length)} of at least ${String(minLength)} characters` };
  if (rest.length < folded.length && Array.from(rest).length < minLength / 2)
    return { isGood: false, sentence: "Little more than your own name or address" };
  if (new Set(folded).size < 5 || isRun(folded))
    return { isGood: false, sentence: "One of the first that would be guessed" };
  return { isGood: true, sentence: length < 16 ? "Good" : "Very good" };
}

/** Whether most characters just follow the one before, as in "123456789012" or "abcdefghijkl". */
function isRun(text: string): boolean {
  const steps = Array.from(text.slice(1), (_, at) => text.charCodeAt(at + 1) - text.charCodeAt(at));
  return steps.filter((step) => Math.abs(step) <= 1).length > steps.length * 0.75;
}
