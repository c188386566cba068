import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { clientTlsSchema } from "../../config/tls.ts";
import { ClientTlsSource, clientTlsOptions } from "../../net/tls-client.ts";
import { tlsFolder } from "../support/otlp-sinks.ts";

describe("TLS of clients", () => {
  it("is TLS 1.2 or later and verifies the server, by default", async () => {
    expect(await clientTlsOptions(clientTlsSchema.parse({}), "otlp")).toEqual({
      minVersion: "TLSv1.2",
      rejectUnauthorized: true,
    });
  });

  it("takes PEM from the configuration, and trusts the system's authorities besides when told so", async () => {
    const config = { ca_pem: "AUTHORITY", cert_pem: "C", key_pem: "K", include_system_ca_certs_pool: true };
    const options = await clientTlsOptions(clientTlsSchema.parse({ ...config, max_version: "1.3" }), "otlp");
    expect(options).toMatchObject({ cert: "C", key: "K", maxVersion: "TLSv1.3" });
    expect((options.ca as string[])[0]).toBe("AUTHORITY");
    expect((options.ca as string[]).length).toBeGreaterThan(50);
  });

  it("refuses a certificate without its key", async () => {
    await expect(clientTlsOptions(clientTlsSchema.parse({ cert_pem: "C" }), "otlp")).rejects.toThrow(
      "otlp: tls needs both a certificate and its key, or neither",
    );
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
