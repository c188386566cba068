import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { clientTlsSchema } from "../../config/tls.ts";
import { ClientTlsSource, clientTlsOptions } from "../../net/tls-client.ts";
import { tlsFolder } from "../support/otlp-sinks.ts";

const pem = (name: string): Promise<string> => readFile(`${tlsFolder}${name}`, "utf8");

describe("TLS of clients", () => {
  it("is TLS 1.2 or later and verifies the server, by default", async () => {
    expect(await clientTlsOptions(clientTlsSchema.parse({}), "otlp")).toEqual({
      minVersion: "TLSv1.2",
      rejectUnauthorized: true,
    });
  });

  it("takes PEM from the configuration, and trusts the system's authorities besides when told so", async () => {
    const [cert_pem, key_pem] = [await pem("client.crt"), await pem("client.key")];
    const config = { ca_pem: "AUTHORITY", cert_pem, key_pem, include_system_ca_certs_pool: true };
    const options = await clientTlsOptions(clientTlsSchema.parse({ ...config, max_version: "1.3" }), "otlp");
    expect(options).toMatchObject({ cert: cert_pem, key: key_pem, maxVersion: "TLSv1.3" });
    expect((options.ca as string[])[0]).toBe("AUTHORITY");
    expect((options.ca as string[]).length).toBeGreaterThan(50);
  });

  it("refuses a certificate without its key", async () => {
    await expect(clientTlsOptions(clientTlsSchema.parse({ cert_pem: "C" }), "otlp")).rejects.toThrow(
      "otlp: tls needs both a certificate and its key, or neither",
    );
  });

  it.each([
    ["a certificate that is none", { cert_pem: "C", key_file: `${tlsFolder}client.key` }, "tls.cert_pem: "],
    ["a key that is none", { cert_file: `${tlsFolder}client.crt`, key_pem: "K" }, "tls.key_pem: "],
    [
      "a key of another certificate",
      { cert_file: `${tlsFolder}client.crt`, key_file: `${tlsFolder}stranger.key` },
      `tls.cert_file ${tlsFolder}client.crt with tls.key_file ${tlsFolder}stranger.key: `,
    ],
  ])("refuses %s, and names it", async (_title, config, named) => {
    const refused = clientTlsOptions(clientTlsSchema.parse(config), "otlp");
    await expect(refused).rejects.toThrow(`otlp: cannot use ${named}`);
  });

  it("reads files again after reload_interval, keeps the object while they stay, and survives a missing file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "signalbox-tls-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const ca_file = join(folder, "ca.pem");
    await copyFile(`${tlsFolder}ca.crt`, ca_file);
    const warnings: string[] = [];
    const logger = pino({}, { write: (line: string) => warnings.push(line) });
    // One nanosecond: every call is due.
    const source = new ClientTlsSource(clientTlsSchema.parse({ ca_file, reload_interval: "1ns" }), "otlp", logger);
    const first = await source.options();
    expect(await source.options()).toBe(first);
    await writeFile(ca_file, "CHANGED");
    const second = await source.options();
    expect(second.ca).toEqual(["CHANGED"]);
    await rm(ca_file);
    expect(await source.options()).toBe(second);
    expect(warnings).toHaveLength(1);
  });
});
