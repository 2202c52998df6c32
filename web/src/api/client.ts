/** The API by its own types. */
import createClient, { type Client } from 'openapi-fetch';
import type { Session } from '../session/session.ts';
import { ApiError, failureOf } from './failure.ts';
import type { paths as CorePaths } from './generated/core.d.ts';
import type { paths as LettersPaths } from './generated/letters.d.ts';

/** The letters app's client has the core's routes too, but for those that the letters app answers in its own shapes. */
export interface Api {
  letters: Client<LettersPaths>;
  core: Client<CorePaths>;
}

export function createApi(baseUrl: string, session: Session): Api {
  const send = sender(session);
  const options = { baseUrl: baseUrl.replace(/\/$/, ''), fetch: send };
  return { letters: createClient<LettersPaths>(options), core: createClient<CorePaths>(options) };
}

/** Sends with the token of the session. A request whose token has expired waits until its user has signed in again. */
function sender(session: Session): (request: Request) => Promise<Response> {
  const sendOnce = async (request: Request): Promise<Response> => {
    const token = await session.token();
    if (token !== null) {
      request.headers.set('authorization', `Bearer ${token}`);
    }
    try {
      return await fetch(request);
    } catch (error) {
      throw new ApiError({ kind: 'unreachable' }, { cause: error });
    }
  };
  return async (request) => {
    const response = await sendOnce(request.clone());
    if (response.status !== 401 || !(await session.renew())) {
      return response;
    }
    return sendOnce(request);
  };
}

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** What the API answered. @throws ApiError */
export async function answerOf<Data>(call: Promise<Answer<Data>>): Promise<Data> {
  const { data, error, response } = await call;
  if (data === undefined) {
    throw new ApiError(failureOf(response, error));
  }
  return data;
}
