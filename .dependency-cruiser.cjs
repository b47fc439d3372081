/** The import table of ARCHITECTURE.md, held by a tool. Layers of peer-core/src, lowest first. */
const layers = ["base", "ports", "torrent", "wire", "peer", "swarm", "client"];

const layerRules = layers.map((layer, index) => ({
  name: `peer-core-${layer}-imports-only-below`,
  severity: "error",
  from: { path: `^peer-core/src/${layer}/`, pathNot: "\\.test\\.ts$" },
  to: {
    path: "^peer-core/src/",
    pathNot: `^peer-core/src/(${layers.slice(0, index + 1).join("|")}${layer === "client" ? "|announce|web-seed" : ""})/`,
  },
}));

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "no-unresolved", severity: "error", from: {}, to: { couldNotResolve: true } },
    ...layerRules,
    {
      name: "announce-stands-beside-the-swarm",
      severity: "error",
      from: { path: "^peer-core/src/announce/", pathNot: "\\.test\\.ts$" },
      to: { path: "^peer-core/src/", pathNot: "^peer-core/src/(base|ports|torrent|announce)/" },
    },
    {
      name: "web-seeds-stand-beside-the-peer",
      severity: "error",
      from: { path: "^peer-core/src/web-seed/", pathNot: "\\.test\\.ts$" },
      to: { path: "^peer-core/src/", pathNot: "^peer-core/src/(base|ports|torrent|wire|web-seed)/" },
    },
    {
      name: "core-is-pure",
      comment: "No I/O, no platform, no package in peer-core/src",
      severity: "error",
      from: { path: "^peer-core/src/", pathNot: "\\.test\\.ts$" },
      to: { pathNot: "^peer-core/src/" },
    },
    {
      name: "platform-uses-the-core-only",
      severity: "error",
      from: { path: "^peer-core/platform/", pathNot: "\\.test\\.ts$" },
      to: { pathNot: "^peer-core/(src|platform)/|node_modules/(isomorphic-ws|ws|hash-wasm|valibot|@types)/" },
    },
    {
      name: "testing-is-for-tests",
      severity: "error",
      from: { pathNot: "\\.test\\.ts$|^(peer-core|tracker/src)/testing/|^tests/" },
      to: { path: "^(peer-core|tracker/src)/testing/" },
    },
    {
      name: "tracker-knows-announce-and-torrent-only",
      severity: "error",
      from: { path: "^tracker/src/", pathNot: "\\.test\\.ts$|^tracker/src/testing/" },
      to: {
        path: "^(peer-core/(src|platform|dist)|node-peer|web)/",
        pathNot: "^peer-core/(src|dist/src)/(announce/|torrent/|base/|ports/)",
      },
    },
    {
      name: "node-peer-uses-the-entries",
      severity: "error",
      from: { path: "^node-peer/src/", pathNot: "\\.test\\.ts$" },
      to: {
        path: "^(peer-core|tracker)/",
        pathNot:
          "^peer-core/((dist/)?src/(index|announce/protocol|torrent/index)|(dist/)?platform/index)\\.|^tracker/(src|dist)/(websocket/)?index\\.",
      },
    },
    {
      name: "web-never-touches-node",
      severity: "error",
      from: { path: "^web/src/" },
      to: { path: "^(node-peer|tracker)/|^node:", dependencyTypesNot: ["npm-dev"] },
    },
    { name: "nobody-imports-tests", severity: "error", from: { pathNot: "^tests/" }, to: { path: "^tests/" } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/|\\.d\\.ts$" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["source", "import", "node", "default", "types"],
    },
  },
};
