// The server, as the page sees it. Addresses are relative: a proxy may give the page a folder.

let key = "";
export const setKey = (given) => { key = given; };

export class ServerError extends Error {
  constructor(status, detail, title = "") { super(detail); this.status = status; this.title = title; }
}

async function ask(path, body, signal) {
  const headers = { "Content-Type": "application/json" };
  if (/[^ -~]/.test(key)) throw new ServerError(401, "expected an API key of printable ASCII characters, got others");
  if (key) headers.Authorization = `Bearer ${key}`;
  let response;
  try {
    response = await fetch(path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), signal, credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServerError(0, "");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new ServerError(response.status, answer.detail || response.statusText, answer.title);
  return answer;
}

export const models = async () => (await ask("v1/models")).models;
export const find = (body, signal) => ask("v1/entities", { offsets: "utf16", ...body }, signal);

// The same, trying again where the server is busy.
export async function findPatiently(body, onBusy, signal) {
  for (let wait = 500; ; wait = Math.min(2 * wait, 8000)) {
    try {
      return await ask("v1/entities", body, signal);
    } catch (error) {
      if (![429, 503].includes(error.status)) throw error;
      onBusy();
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}
