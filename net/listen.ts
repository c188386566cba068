import { lookup } from "node:dns/promises";
import { unlink } from "node:fs/promises";
import { type AddressInfo, connect, isIP, type ListenOptions, type Server } from "node:net";
import { formatEndpoint, type ListenAddress, parseEndpoint, type Transport } from "./endpoint.ts";

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "address already in use",
  EACCES: "permission denied",
  EADDRNOTAVAIL: "this machine does not have the address",
  ENOTFOUND: "host not found",
  EAI_AGAIN: "host not found",
  ENOENT: "no such directory",
};

/**
 * Listens on `endpoint`. A unix socket that a dead process left behind is replaced.
 *
 * @param component id for the error text
 * @returns the bound address: `127.0.0.1:4317`, `[::1]:4317` or `unix:/path`
 * @throws {Error} `<component>: cannot listen on <endpoint>: <reason>`
 */
export async function listen(
  server: Server,
  component: string,
  endpoint: string,
  transport: Transport = "tcp",
): Promise<string> {
  const address = parseEndpoint(endpoint, transport);
  try {
    if (address === undefined) throw new Error("must be host:port or a unix socket's path");
    await bind(server, await resolved(address));
    return boundAddress(server);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason = (code !== undefined && reasons[code]) || (error as Error).message;
    throw new Error(`${component}: cannot listen on ${endpoint}: ${reason}`, { cause: error });
  }
}

/** The address `server` listens on, in the form of an endpoint. */
function boundAddress(server: Server): string {
  const bound = server.address() as AddressInfo | string;
  if (typeof bound === "string") return `unix:${bound}`;
  return formatEndpoint({ host: bound.address, port: bound.port });
}

// Node takes the first address a name has, which for localhost may be ::1; clients expect 127.0.0.1, as with Go's servers.
async function resolved(address: ListenAddress): Promise<ListenOptions> {
  if ("path" in address) return { path: address.path };
  const { host, port } = address;
  if (host === undefined) return { port };
  if (isIP(host) !== 0) return { host, port };
  const found = await lookup(host, { all: true });
  return { host: (found.find(({ family }) => family === 4) ?? found[0]!).address, port };
}

async function bind(server: Server, options: ListenOptions): Promise<void> {
  try {
    await listening(server, options);
  } catch (error) {
    const inUse = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
    if (!inUse || options.path === undefined || (await answers(options.path))) throw error;
    await unlink(options.path);
    await listening(server, options);
  }
}

function listening(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      server.off("error", settle).off("listening", settle);
      if (error) reject(error);
      else resolve();
    };
    server.once("error", settle).once("listening", settle);
    server.listen(options);
  });
}

/** Whether a process listens on the unix socket at `path`. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
  });
}
