// Runs everything: build, lint, installation of other people's programs, then every project of vitest.config.ts.
// The last line is `N passed, N failed`; builds and checks count only when they fail. Exit code 1 on any failure.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureAllPrograms } from "./support/programs.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");

/** The only reasons for which a test may be skipped, as they stand in its name. */
const SKIPPABLE = /needs (network|mount) namespaces/;

/** Ends a run that hangs; the slowest project takes about half an hour on two cores. */
const STEP_LIMIT_MS = 60 * 60_000;

async function main() {
  const total = { passed: 0, failed: 0 };
  if (await npmStep("build")) {
    if (!(await npmStep("lint"))) total.failed += 1;
    if (!(await installPrograms())) total.failed += 1;
    await runProjects(total);
  } else {
    total.failed += 1;
    console.log("The build failed: no tests were run");
  }
  console.log(`${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed === 0 ? 0 : 1;
}

async function npmStep(script) {
  const { code, output } = await run("npm", ["run", script], { quiet: true });
  if (code !== 0) console.log(output);
  console.log(`${script}: ${code === 0 ? "ok" : "FAILED"}`);
  return code === 0;
}

async function installPrograms() {
  const problems = await ensureAllPrograms();
  for (const problem of problems) console.log(problem);
  console.log(`programs for the tests: ${problems.length === 0 ? "ok" : "FAILED"}`);
  return problems.length === 0;
}

async function runProjects(total) {
  const projects = await listProjects();
  if (projects.length === 0) total.failed += 1;
  for (const project of projects) {
    // One after the other: the system tests measure time and must not share the processor with the unit tests.
    console.log(`tests: ${project}`);
    const { passed, failed } = await runProject(project);
    total.passed += passed;
    total.failed += failed;
  }
}

/** Names of the projects that have test files, "unit" first. */
async function listProjects() {
  const { code, stdout, output } = await run(process.execPath, [vitest, "list", "--filesOnly", "--json"], {
    quiet: true,
  });
  try {
    const names = new Set(JSON.parse(stdout).map((file) => file.projectName));
    if (code === 0) return [...names].sort((a, b) => Number(b === "unit") - Number(a === "unit"));
  } catch {
    // Not JSON: what was said instead is shown below.
  }
  console.log(`${output}\nThe tests cannot be listed`);
  return [];
}

async function runProject(project) {
  const folder = mkdtempSync(join(tmpdir(), "shoal-test-results-"));
  try {
    const file = join(folder, "results.json");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const { code } = await run(process.execPath, [vitest, "run", "--project", project, ...reporters]);
    return countResults(file, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function countResults(file, exitCode) {
  let files;
  try {
    files = JSON.parse(readFileSync(file, "utf8")).testResults;
  } catch (error) {
    console.log(`No results: ${error.message}`);
    return { passed: 0, failed: 1 };
  }
  const counts = files.map(countFile);
  const passed = counts.reduce((sum, count) => sum + count.passed, 0);
  const failed = counts.reduce((sum, count) => sum + count.failed, 0);
  if (failed > 0 || (exitCode === 0 && passed > 0)) return { passed, failed };
  console.log(passed === 0 ? "No test was run" : "An error outside of any test: see above");
  return { passed, failed: 1 };
}

/** A file that fails without a failing test could not be loaded or prepared: one failure more. */
function countFile({ name, status, assertionResults }) {
  let passed = 0;
  let failed = 0;
  for (const test of assertionResults) {
    if (test.status === "passed") passed += 1;
    else if (test.status === "failed") failed += 1;
    else if (SKIPPABLE.test(test.fullName)) console.log(`Skipped: ${test.fullName}`);
    else {
      failed += 1;
      console.log(`Skipped, counted as failed: ${test.fullName} (${name})`);
    }
  }
  if (status === "failed" && failed === 0) failed = 1;
  return { passed, failed };
}

/** Runs a command without input in the top folder; `quiet` keeps its output instead of showing it. */
function run(command, args, { quiet = false } = {}) {
  return new Promise((resolve) => {
    const stdio = ["ignore", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"];
    const child = spawn(command, args, {
      cwd: root,
      stdio,
      timeout: STEP_LIMIT_MS,
      shell: process.platform === "win32",
    });
    let stdout = "";
    let output = "";
    child.stdout?.on("data", (chunk) => {
      stdout += chunk;
      output += chunk;
    });
    child.stderr?.on("data", (chunk) => {
      output += chunk;
    });
    child.on("error", (error) => resolve({ code: -1, stdout, output: error.message }));
    child.on("close", (code) => resolve({ code: code ?? -1, stdout, output }));
  });
}

await main();
