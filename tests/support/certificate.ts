import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { ensureProgram } from "./programs.js";

/** Files in PEM format. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** Makes a certificate for localhost and 127.0.0.1 that is its own authority, as people make them at home. */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const openssl = await ensureProgram("openssl", "openssl");
  const certificate = join(folder, "certificate.pem");
  const key = join(folder, "key.pem");
  const names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const request = ["req", "-x509", ...curve, "-days", "2", "-subj", "/CN=localhost", "-addext", names];
  await promisify(execFile)(openssl, [...request, "-keyout", key, "-out", certificate]);
  return { certificate, key };
}
