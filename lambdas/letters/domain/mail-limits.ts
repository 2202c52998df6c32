/** What Lob takes of a mail. Whoever sends by another provider changes this file. */

/** https://github.com/lob/lob-openapi, shared/models/address: abroad Lob takes longer lines, which its window does not show. */
export const MAIL_LINE_LIMITS = {
  name: 40,
  line1: 50,
  line2: 50,
  city: 200,
  state: 200,
  postalCode: 40,
} as const;

/**
 * "The sum of to.address_line1 and to.address_line2 cannot surpass 50 characters" (Lob's error address_length_exceeds_limit,
 * https://docs.lob.com, Errors), although its description of an address lets each line have 64. The stricter one refuses a mail
 * when it is scheduled, and not years later.
 */
export const LONGEST_LINES_TOGETHER = 50;

/** "HTML that renders more pages than the file limit will be trimmed": nobody would know. The same, letter_editable.yml. */
export function mostPagesTo(country: string): number {
  return country === 'US' ? 60 : 6;
}

/** As the page of `lob.ts` is laid out, in points: 12 on 18, with margins of half an inch. */
const LINE_WIDTH = 540;
const LINES_OF_PAGE = 40;
/** The address and the title stand above them. */
const LINES_OF_FIRST_PAGE = 22;
/** Lines end between words, and so before they are full. */
const RAGGED = 1.15;

/** How many pages a letter may take at most: an estimate that is rather too high. */
export function pagesOf({ title, body }: { title: string; body: string }): number {
  const lines = body.split(/\r\n|\r|\n/).reduce((sum, paragraph) => sum + linesOf(paragraph), 0);
  // The title is twice as large.
  const more = 2 * 2 * linesOf(title) + lines - LINES_OF_FIRST_PAGE;
  return 1 + Math.max(0, Math.ceil(more / LINES_OF_PAGE));
}

function linesOf(paragraph: string): number {
  let width = 0;
  for (const character of paragraph) {
    width += widthOf(character);
  }
  return Math.max(1, Math.ceil((RAGGED * width) / LINE_WIDTH));
}

/** Of a serif of 12 points. What is not of the alphabets of Europe takes a square. */
function widthOf(character: string): number {
  if (/[ -/:;iIjltfr'’.,]/.test(character)) {
    return 4.5;
  }
  if (/[a-ln-vx-z0-9]/.test(character)) {
    return 6;
  }
  return /[\u0020-\u058F]/.test(character) ? 9.5 : 12;
}
