import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** Passes requests on to a server, and can keep the server's answers from coming back. */
export interface Proxy {
  readonly url: string;
  /**
   * For the inserts to come, one each: runs when the server has answered; then the connection to the client breaks, so that
   * the client cannot know that its rows are stored.
   */
  loseAnswer(then?: () => Promise<void>): void;
}

export async function startProxy(target: string): Promise<Proxy> {
  const losses: (() => Promise<void>)[] = [];
  const server = createServer((request, response) => {
    const { method, headers, url = "" } = request;
    const isInsert = url.includes("query=INSERT");
    const onward = httpRequest(
      new URL(url, target),
      { method, headers: { ...headers, connection: "close" } },
      (answer) => {
        const loss = isInsert ? losses.shift() : undefined;
        if (loss === undefined) {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
          return;
        }
        answer.resume();
        answer.on("end", () => void loss().finally(() => request.socket.resetAndDestroy()));
      },
    );
    onward.on("error", () => request.socket.destroy());
    request.on("error", () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, loseAnswer: (then = async () => undefined) => void losses.push(then) };
}
