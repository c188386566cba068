import { messageOf } from "../../pipeline/errors.ts";
import type { Surroundings } from "./detector.ts";

export const hostnameSources = ["dns", "os", "cname", "lookup"] as const;
export type HostnameSource = (typeof hostnameSources)[number];

/**
 * The name of the host as `source` knows it.
 *
 * @throws {Error} it does not
 */
export async function hostnameFrom(source: HostnameSource, around: Surroundings): Promise<string> {
  const own = around.os.hostname();
  if (own === "") throw new Error("the kernel has no host name");
  switch (source) {
    case "os":
      return own;
    case "cname":
      return await canonicalName(own, around);
    case "lookup":
      return await nameOfAddress(own, around);
    case "dns":
      return (await fromHostsFile(own, around)) ?? (await fullName(own, around));
  }
}

/** The first name of the line that holds the host's: the others are its aliases. */
async function fromHostsFile(own: string, { os, env, readFile }: Surroundings): Promise<string | undefined> {
  const isWindows = os.platform() === "win32";
  const path = isWindows ? `${env["SystemRoot"]}\\System32\\drivers\\etc\\hosts` : "/etc/hosts";
  let hosts: string;
  try {
    hosts = await readFile(path);
  } catch {
    // DNS may know the name all the same, and says so itself when it does not.
    return undefined;
  }
  for (const line of hosts.split("\n")) {
    const [, ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    const full = names[0];
    if (full !== undefined && names.some((name) => name === own)) return full;
  }
  return undefined;
}

async function fullName(own: string, around: Surroundings): Promise<string> {
  try {
    return await canonicalName(own, around);
  } catch (error) {
    try {
      return await nameOfAddress(own, around);
    } catch (other) {
      throw new Error(`${messageOf(error)}, ${messageOf(other)}`, { cause: other });
    }
  }
}

async function canonicalName(own: string, { dns }: Surroundings): Promise<string> {
  const [name] = await dns.resolveCname(own);
  if (name === undefined) throw new Error(`${own} has no canonical name`);
  return withoutRoot(name);
}

async function nameOfAddress(own: string, { dns }: Surroundings): Promise<string> {
  let failure: unknown = new Error(`${own} has no address`);
  for (const { address } of await dns.lookup(own, { all: true })) {
    try {
      const [name] = await dns.reverse(address);
      if (name !== undefined) return withoutRoot(name);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function withoutRoot(name: string): string {
  return name.replace(/\.$/, "");
}
