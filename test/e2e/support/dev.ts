/** Calls a route of Postage or of Stripe on this machine that sets the scene. @throws Error unless it answers well */
export async function dev(url: string, method: string, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(url + path, { method, body: body === undefined ? null : JSON.stringify(body) });
  if (!answer.ok) {
    throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
  }
  return answer.json();
}
