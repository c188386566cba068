import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SecureContextOptions } from "node:tls";
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { serverTlsSchema } from "../../config/tls.ts";
import { reloadCertificates, serverTlsOptions } from "../../net/tls.ts";
import { tlsFolder } from "../support/otlp-sinks.ts";
import { until } from "../support/until.ts";

/** A server that says which certificates it was given, over files of a folder of its own, and what was logged. */
async function reloading(setUp: (install: (name: string) => Promise<void>, cert: string) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-tls-"));
  const [cert, key] = [join(folder, "server.crt"), join(folder, "server.key")];
  const install = async (name: string): Promise<void> => {
    await copyFile(`${tlsFolder}${name}.key`, key);
    await copyFile(`${tlsFolder}${name}.crt`, cert);
  };
  await install("server");
  const config = serverTlsSchema.parse({ cert_file: cert, key_file: key, reload_interval: "5ms" });
  await serverTlsOptions(config, "otlp");
  await setUp(install, cert);
  const given: unknown[] = [];
  const logged: string[] = [];
  const logger = pino({ level: "warn" }, { write: (line: string) => void logged.push(line) });
  const server = { setSecureContext: (options: SecureContextOptions) => void given.push(options.cert) };
  const stop = reloadCertificates(server, config, "otlp", logger);
  onTestFinished(async () => {
    stop();
    await rm(folder, { recursive: true });
  });
  return { given, logged, install };
}

describe("certificates of servers", () => {
  it("are those that were renewed between the start and the first look at them", async () => {
    const { given } = await reloading((install) => install("server-renewed"));
    await until(() => given.length > 0);
    expect(given).toEqual([await readFile(`${tlsFolder}server-renewed.crt`, "utf8")]);
  });

  it("stay while a file is empty, as it is while it is being renewed", async () => {
    const { given, logged, install } = await reloading((_install, cert) => writeFile(cert, ""));
    await until(() => logged.length > 0);
    expect(given).toEqual([]);
    expect(logged[0]).toContain("it is empty");
    await install("server-renewed");
    await until(() => given.length > 0);
    expect(given).toEqual([await readFile(`${tlsFolder}server-renewed.crt`, "utf8")]);
  });
});
