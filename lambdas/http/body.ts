/** Reads a request's body as JSON or as text, and refuses what is not safe to read. */
import { malformed, ProblemError, tooLarge } from './problems.ts';

/** The most bytes that a body may have, where its contract does not say otherwise. */
export const MAX_BODY_BYTES = 256 * 1024;
/** How deep its arrays and objects may be nested. */
export const MAX_BODY_DEPTH = 20;

export interface RawBody {
  body?: string | undefined;
  isBase64Encoded: boolean;
  contentType: string | undefined;
  maxBytes?: number | undefined;
}

/** @throws ProblemError `too_large`, or `malformed`, also where there is no body at all */
export function readJson({ contentType, ...raw }: RawBody): unknown {
  const bytes = readBytes(raw);
  if (!isJson(contentType)) {
    throw new ProblemError(malformed('The Content-Type has to be application/json.'));
  }
  const text = decode(bytes, { ignoreBOM: false });
  if (isTooDeep(text)) {
    throw new ProblemError(malformed(`The body is nested more than ${MAX_BODY_DEPTH} deep.`));
  }
  return parse(text);
}

/** The body as it came, to the byte. @throws ProblemError `too_large`, or `malformed`, also where there is no body at all */
export function readText(raw: Omit<RawBody, 'contentType'>): string {
  // "Ignoring" a byte order mark means to leave it where it is.
  return decode(readBytes(raw), { ignoreBOM: true });
}

function readBytes({
  body,
  isBase64Encoded,
  maxBytes = MAX_BODY_BYTES,
}: Omit<RawBody, 'contentType'>): Buffer {
  if (body === undefined || body === '') {
    throw new ProblemError(malformed('The request has no body.'));
  }
  // Base64 is a third longer than its bytes. This body is too long either way, so nothing decodes it.
  if (body.length > 2 * maxBytes) {
    throw new ProblemError(tooLarge(maxBytes));
  }
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.byteLength > maxBytes) {
    throw new ProblemError(tooLarge(maxBytes));
  }
  return bytes;
}

/** JSON by its media type or by its suffix (RFC 6839), with any parameters. A missing type passes: clients forget it. */
function isJson(contentType: string | undefined): boolean {
  return contentType === undefined || /^application\/([\w.-]+\+)?json\s*(;|$)/i.test(contentType);
}

function decode(bytes: Buffer, { ignoreBOM }: { ignoreBOM: boolean }): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM }).decode(bytes);
  } catch {
    throw new ProblemError(malformed('The body is not UTF-8.'));
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProblemError(malformed('The body is not JSON.'));
  }
}

/** One pass over the text, before anything recursive sees it. The parser refuses what is not JSON. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (isInString) {
      if (character === '\\') {
        index += 1;
      } else if (character === '"') {
        isInString = false;
      }
    } else if (character === '"') {
      isInString = true;
    } else if (character === '{' || character === '[') {
      depth += 1;
      if (depth > MAX_BODY_DEPTH) {
        return true;
      }
    } else if (character === '}' || character === ']') {
      depth -= 1;
    }
  }
  return false;
}
