import { hostDetector, osDetector } from "@opentelemetry/resources";
import { z } from "zod";
import { messageOf, PermanentError } from "../../../pipeline/errors.ts";
import { type Attempt, type Detected, defineDetector, type Surroundings } from "../detector.ts";
import { type HostnameSource, hostnameFrom, hostnameSources } from "../hostname.ts";

/** The machine: its name, operating system, addresses and processor. */
export const systemDetector = defineDetector({
  name: "system",
  attributes: {
    "host.name": true,
    "os.type": true,
    "host.arch": false,
    "host.cpu.cache.l2.size": false,
    "host.cpu.family": false,
    "host.cpu.model.id": false,
    "host.cpu.model.name": false,
    "host.cpu.stepping": false,
    "host.cpu.vendor.id": false,
    "host.id": false,
    "host.interface": false,
    "host.ip": false,
    "host.mac": false,
    "os.build.id": false,
    "os.description": false,
    "os.name": false,
    "os.version": false,
  },
  options: {
    hostname_sources: z
      .array(z.enum(hostnameSources))
      .default(["dns", "os"])
      .transform((sources): HostnameSource[] => (sources.length === 0 ? ["dns", "os"] : sources))
      .describe(
        "Where host.name comes from, the first that knows it: dns the full name by the hosts file and DNS, os the kernel's, cname its canonical name in DNS, lookup the name of its address.",
      ),
  },
  async detect(attempt) {
    const { around, options, wants } = attempt;
    const name = wants("host.name") ? await hostname(options.hostname_sources, around) : undefined;
    const { attributes: host = {} } = wants("host.id") || wants("host.arch") ? hostDetector.detect() : {};
    return {
      "host.name": name,
      "os.type": textOf(await osDetector.detect().attributes?.["os.type"]),
      "host.arch": textOf(await host["host.arch"]),
      "host.id": textOf(await host["host.id"]),
      ...interfaces(around),
      ...(await operatingSystem(attempt)),
      ...(await processor(attempt)),
    };
  },
});

async function hostname(sources: readonly HostnameSource[], around: Surroundings): Promise<string> {
  const failures: string[] = [];
  for (const source of sources) {
    try {
      return await hostnameFrom(source, around);
    } catch (error) {
      failures.push(`${source}: ${messageOf(error)}`);
    }
  }
  throw new PermanentError(`no hostname_sources knows the name of the host (${failures.join("; ")})`);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Those that are up, without loopback. */
function interfaces({ os }: Surroundings): Detected {
  const up = Object.entries(os.networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.filter(({ internal }) => !internal).map(({ address, mac }) => ({ name, address, mac })),
  );
  const distinct = (values: string[]): string[] => [...new Set(values)];
  return {
    "host.interface": distinct(up.map(({ name }) => name)),
    "host.ip": up.map(({ address }) => address),
    // As in the semantic conventions: the form of IEEE RA.
    "host.mac": distinct(up.map(({ mac }) => mac.replaceAll(":", "-").toUpperCase())),
  };
}

const noLines: ReadonlyMap<string, string> = new Map();

async function operatingSystem({ around, wants }: Attempt<unknown>): Promise<Detected> {
  const { os } = around;
  if (!["os.name", "os.version", "os.build.id", "os.description"].some((name) => wants(name))) return {};
  const release = os.platform() === "linux" ? await keyedLines("/etc/os-release", "=", around) : noLines;
  const kernel = `${os.type()} ${os.hostname()} ${os.release()} ${os.version()} ${os.machine()}`;
  const name = release.get("PRETTY_NAME") ?? release.get("NAME");
  return {
    "os.name": release.get("NAME") ?? os.type(),
    "os.version": release.get("VERSION_ID") ?? os.release(),
    "os.build.id": release.get("BUILD_ID") ?? os.release(),
    "os.description": name === undefined ? kernel : `${name} (${kernel})`,
  };
}

/** Of the first processor. Only Linux tells more than its name. */
async function processor({ around, wants }: Attempt<unknown>): Promise<Detected> {
  if (!Object.keys(systemDetector.attributes).some((name) => name.startsWith("host.cpu.") && wants(name))) return {};
  const { os } = around;
  const modelName = os.cpus()[0]?.model;
  if (os.platform() !== "linux") return { "host.cpu.model.name": modelName };
  const facts = await keyedLines("/proc/cpuinfo", ":", around);
  const cache = Number.parseInt(facts.get("cache size") ?? "", 10);
  return {
    "host.cpu.cache.l2.size": Number.isNaN(cache) ? undefined : cache,
    "host.cpu.family": facts.get("cpu family"),
    "host.cpu.model.id": facts.get("model"),
    "host.cpu.model.name": facts.get("model name") ?? modelName,
    "host.cpu.stepping": facts.get("stepping"),
    "host.cpu.vendor.id": facts.get("vendor_id"),
  };
}

/** Lines of a key, a separator and a value, which may be quoted; of a repeated key the first counts. */
async function keyedLines(
  path: string,
  separator: string,
  { logger, readFile }: Surroundings,
): Promise<ReadonlyMap<string, string>> {
  const lines = new Map<string, string>();
  let text: string;
  try {
    text = await readFile(path);
  } catch (error) {
    // An image may do without the file, and what it would say is not the name of the host.
    logger.warn({ detector: "system" }, messageOf(error));
    return lines;
  }
  for (const line of text.split("\n")) {
    const at = line.indexOf(separator);
    const key = line.slice(0, Math.max(at, 0)).trim();
    if (key === "" || lines.has(key)) continue;
    lines.set(
      key,
      line
        .slice(at + 1)
        .trim()
        .replace(/^(["'])(.*)\1$/, "$2"),
    );
  }
  return lines;
}
